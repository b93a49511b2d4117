package cloud

import "slices"

// A Code explains one number that KORE puts into error.code. Twilio used the same numbers.
type Code struct {
	Number  int
	Title   string // KORE's own title, or a plain name where none is known
	Meaning string // what happened, one sentence
	Advice  string // what a person can do
}

// Codes lists the codes we can explain, by number. Sources: docs.korewireless.com/errors/<number> and
// twilio.com/docs/api/errors/<number> for the titles; what to do follows from the documented meaning of the events.
// Only 83700 to 83705 appear in connection events; the others come back from the operator's API.
var Codes = []Code{
	{83007, "SIM has no Fleet",
		"The SIM cannot be made ready or active because it belongs to no Fleet.",
		"Assign the SIM to a Fleet in the KORE console, then set its status again."},
	{83009, "Fleet change refused while a change is scheduled",
		"An earlier status change of this SIM is still being carried out.",
		"Wait until the SIM has left the state \"scheduled\", then change the Fleet."},
	{83010, "Status transition not allowed",
		"The SIM cannot go from its present status to the one asked for.",
		"Look up the SIM's present status in the KORE console and which statuses can follow it."},
	{83400, "IP Command failed",
		"The operator could not deliver an IP Command.",
		"Check that the device is online and listens on the UDP port the command was sent to."},
	{83401, "Device not attached",
		"The operator's core knows of no attachment of this SIM, so an IP Command could not be sent.",
		"Treat it as the cloud's word that the device is offline, and look at what the modem says."},
	{83402, "IP Command callback failed",
		"The operator could not reach the callback address of an IP Command.",
		"Check the callback URL of the Fleet; the device is not at fault."},
	{83700, "Attachment Failed Due To Internal Error",
		"Something failed inside the operator's core while the SIM tried to attach. It normally passes by itself.",
		"Wait. Write to KORE support when it lasts longer than an hour."},
	{83701, "Data Session Establishment Failed Due To Internal Error",
		"Something failed inside the operator's core while the data session was set up. It normally passes by itself.",
		"Wait. Write to KORE support when it lasts longer than an hour."},
	{83702, "Attachment Rejected Due To Network Not Allowed",
		"The SIM may not use the network it tried: the Fleet's Network Access Profile does not list it, or the IMSI in use " +
			"is not allowed there.",
		"Compare the network of the event with the Fleet's Network Access Profile and add it if it should be allowed."},
	{83703, "Attachment Rejected Due To Rate Limiting",
		"The device attaches too often in a short time and is being slowed down.",
		"Find what resets the modem or repeats the attach; retries within the next hour make it worse."},
	{83704, "Attachment Rejected Due To SIM In New State",
		"The SIM was never activated.",
		"Register the SIM in the KORE console, assign it to a Fleet and set it to ready or active."},
	{83705, "Attachment Rejected Due To SIM In Inactive State",
		"The SIM has been deactivated.",
		"Set the SIM to active in the KORE console."},
}

// LookupCode finds a code by its number. Unknown numbers occur: the event's type and message still say something then.
func LookupCode(number int) (Code, bool) {
	i := slices.IndexFunc(Codes, func(c Code) bool { return c.Number == number })
	if i < 0 {
		return Code{}, false
	}
	return Codes[i], true
}
