package broker

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
)

// Trouble is one thing that keeps a connection from being made or kept. Codes are stable.
type Trouble struct {
	Code string
	Hint string // what a person can do
	Mend bool   // nothing but a person helps
}

// The troubles.
var (
	unreachable   = Trouble{"unreachable", "See that the broker runs, and that its port can be reached from here.", false}
	closed        = Trouble{"unreachable", "The broker closed the connection: see that it runs, and look at its log.", false}
	unknownName   = Trouble{"name-not-found", "Check the broker's name in the url, and that names are resolved here.", false}
	unknownCA     = Trouble{"tls-unknown-ca", "Let ca_file name the authority that signed the broker's certificate.", true}
	expired       = Trouble{"tls-expired", "Renew the broker's certificate; if it is valid, the clock of this computer is wrong.", true}
	wrongName     = Trouble{"tls-wrong-name", "The broker's certificate is for another name: use that name in the url, or get another certificate.", true}
	tlsOther      = Trouble{"tls-failed", "See that this is the broker's TLS port, and that both sides have TLS 1.2 or newer.", true}
	clientCert    = Trouble{"tls-client-certificate", "The broker does not accept cert_file: it wants one that its authority signed and that is valid.", true}
	badLogin      = Trouble{"bad-credentials", "Check user_file and password_file, and that the broker knows this client.", true}
	notAuthorised = Trouble{"not-authorised",
		"The broker's access list does not let this user use its topics, or keeps it out: look at the broker's log and ACL.", true}
	takenOver = Trouble{"session-taken-over",
		"Another client uses the same client_id, perhaps a copied SD card: give each its own.", true}
	badProtocol = Trouble{"protocol", "This broker does not speak MQTT 5 as expected; update it, or look at its log.", true}
	full        = Trouble{"broker-full", "The broker has reached a limit: look at its log and its quotas.", false}
	busy        = Trouble{"server-busy", "Nothing: the broker asked to come again later.", false}
	badFile     = Trouble{"unreadable-file", "Correct the file, or who may read it; it is read again at the next attempt.", true}
	notTaken    = Trouble{"not-taken", "What came could not be kept here, so it is asked for again: look at the disk.", false}
)

// reasons are the reason codes of CONNACK, DISCONNECT, SUBACK and PUBACK (MQTT 5, 2.4). Others with the high bit set are
// protocol errors.
var reasons = map[byte]Trouble{
	0x80: unreachable, 0x83: unreachable, 0x86: badLogin, 0x87: badLogin, 0x88: busy, 0x89: busy, 0x8A: notAuthorised, 0x8B: unreachable,
	0x8C: badLogin, 0x8D: unreachable, 0x8E: takenOver, 0x96: busy, 0x97: full, 0x98: notAuthorised, 0x9C: busy, 0x9D: badProtocol, 0x9F: busy,
}

// troubleOf is the trouble of a reason code given to a message: there, 0x87 is about the topic.
func troubleOf(code byte) Trouble {
	if code == 0x87 {
		return notAuthorised
	}
	return reasoned(code)
}

func reasoned(code byte) Trouble {
	if t, ok := reasons[code]; ok {
		return t
	}
	return badProtocol
}

// disconnected is what a broker's DISCONNECT says.
func disconnected(d *paho.Disconnect) (Trouble, string) {
	detail := "the broker closed the connection"
	if d.Properties != nil && d.Properties.ReasonString != "" {
		detail += ": " + d.Properties.ReasonString
	}
	return troubleOf(d.ReasonCode), detail
}

// classify finds the trouble in an error of an attempt or of a connection.
func classify(err error) Trouble {
	if refused, ok := errors.AsType[*autopaho.ConnackError](err); ok {
		return reasoned(refused.ReasonCode)
	}
	if t, ok := classifyTLS(err); ok {
		return t
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" { // an alert: it did not like ours
		return clientCert
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return unknownName
	}
	_, missing := errors.AsType[*fs.PathError](err)
	if _, unfit := errors.AsType[*fileError](err); missing || unfit {
		return badFile
	}
	if errors.Is(err, io.EOF) {
		return closed
	}
	return unreachable
}

func classifyTLS(err error) (Trouble, bool) {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return unknownCA, true
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return wrongName, true
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if invalid.Reason == x509.Expired {
			return expired, true
		}
		return unknownCA, true
	}
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return tlsOther, record
}
