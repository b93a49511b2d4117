// Package cloud receives the operator's diary: the Super SIM connection events that KORE publishes for a SIM, decoded
// into values of one type, whatever wrapped them and whichever way they came.
//
// It is not a judge. It compares nothing with the modem, keeps no history and drops no duplicates of events (Dedupe is
// offered to the one consumer that sees all sources together).
//
// # What is accepted
//
// A body is one or more JSON documents after one another, each an object or an array of objects:
//
//	{"event_sid": …, "event_type": …, "sim_iccid": …, "timestamp": …}   the bare event
//	{"id": …, "type": …, "time": …, "data": {bare event}}               a CloudEvents-like object
//	[ … ]                                                               an array of either (KORE, Twilio)
//
// KORE's and Twilio's envelopes differ in source, schema host, specversion and time precision only, and the type prefix
// is unsettled (com.twilio.iot., com.kore.iot., a literal star). None of these is looked at: an event is known by its
// suffix "supersim.connection.<x>.<y>". Numbers may come as strings and strings as numbers.
//
// # How events come in
//
// A Source hands batches to an emit function: FileSource follows a file of documents, SpoolSource takes files that are dropped
// into a folder, Webhook answers HTTP POST and checks who signed it, MQTTSource takes what a relay publishes. A source reports a batch as
// delivered only after emit returned nil.
//
// To add a source, implement Source and count what it does in Stats. To add an event field, add it to Event and one line
// to the reader in decode.go. To add an error code, add a row to Codes.
package cloud
