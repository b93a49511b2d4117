// Package broker keeps one connection to an MQTT 5 broker (OASIS MQTT Version 5.0): it connects for as long as it is wanted,
// names what keeps it from that, takes messages and acknowledges those that were really taken, and publishes.
//
// The MQTT itself is paho's. This package adds what a device in the field needs: files of keys and passwords are read again at
// each attempt, so that a mended one is found; every trouble has a name and a sentence that says what to do (troubles.go); the
// waits between attempts grow, are spread at random, and are long for what a person must mend (backoff.go); and no byte is sent
// that is not needed, which is why TCP's own keep-alive is off.
//
// What the broker keeps while the client is away (a session that does not expire, QoS 1) is the broker's. Nothing is stored here:
// who publishes keeps a message until Publish has returned nil.
package broker
