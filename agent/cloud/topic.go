package cloud

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// DefaultTopicPrefix begins every topic, unless the configuration says otherwise.
const DefaultTopicPrefix = "supersim"

// TopicID is how a SIM is named in topics: by the digits of its ICCID, or with a key by 32 hex digits of HMAC-SHA256 over them,
// so that who can list a broker's topics cannot tell whose SIMs they are.
func TopicID(iccid string, key []byte) string {
	if len(key) == 0 {
		return iccid
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(iccid))
	return hex.EncodeToString(mac.Sum(nil))[:32]
}

// EventsTopic is where a SIM's connection events are published, one event a message, as KORE sent it.
func EventsTopic(prefix, id string) string { return prefix + "/" + id + "/events" }

// StatusTopic is where the device with this SIM publishes what it thinks of itself, retained.
func StatusTopic(prefix, id string) string { return prefix + "/" + id + "/status" }

// ParseTopic finds the id in a topic of either kind.
func ParseTopic(prefix, topic string) (id, kind string, ok bool) {
	rest, ok := strings.CutPrefix(topic, prefix+"/")
	if !ok {
		return "", "", false
	}
	id, kind, ok = strings.Cut(rest, "/")
	return id, kind, ok && id != "" && (kind == "events" || kind == "status")
}
