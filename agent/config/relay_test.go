package config

import (
	"strings"
	"testing"
	"time"
)

const wholeRelay = `schema = 1
[webhook]
listen = "127.0.0.1:8443"
path = "/kore"
secret_files = ["/etc/supersim-agent/secrets/webhook"]
public_url = "https://relay.example/kore"
[broker]
url = "mqtts://broker.example"
ca_file = "/etc/supersim-agent/ca.pem"
user_file = "/u"
password_file = "/p"
topic_prefix = "acme"
expiry = "48h"
[spool]
dir = "/data"
max_bytes = 2000000
settle = "1m"
[fleet]
devices_file = "/devices"
share = "judges"
silent_after = "2h"
[http]
listen = "127.0.0.1:9000"
[log]
level = "debug"
`

func TestRelayFile(t *testing.T) {
	r, err := ParseRelay("relay.toml", []byte(wholeRelay))
	if err != nil {
		t.Fatal(err)
	}
	if r.Webhook.Path != "/kore" || r.Broker.TopicPrefix != "acme" || r.Broker.Expiry != 48*time.Hour || r.Spool.MaxBytes != 2_000_000 ||
		r.Fleet.Share != "judges" || r.HTTP.Listen != "127.0.0.1:9000" || r.Log.Level != "debug" || r.Spool.Settle != time.Minute {
		t.Errorf("%+v", r)
	}
	r, err = ParseRelay("relay.toml", []byte("[broker]\nurl = \"mqtt://127.0.0.1:1883\"\n"))
	if err != nil || r.Webhook.Listen == "" || r.Spool.Dir == "" || r.Broker.Expiry == 0 {
		t.Errorf("the least: %+v, %v", r, err)
	}
}

func TestRelayMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "broker.url: missing",
		"[broker]\nurl='http://b'":               `2:5: broker.url: must be a URL such as "mqtts://broker.example:8883"`,
		"[broker]\nurl='mqtt://b'":               "without TLS",
		"[broker]\nurl='mqtts://b'\nstatus=true": "unknown",
		"[broker]\nurl='mqtts://b'\n[webhook]\nlisten='0.0.0.0:80'": "allow_remote",
		"[broker]\nurl='mqtts://b'\n[http]\nlisten='0.0.0.0:80'":    "tells of every device",
		"[broker]\nurl='mqtts://b'\n[fleat]\nshare='x'":             `did you mean "fleet"`,
		"[broker]\nurl='mqtts://b'\n[spool]\nmax_bytes=1":           "must be from",
		"[broker]\nurl='mqtts://b'\ncert_file='/c'":                 "key_file",
		"[broker]\nurl='mqtts://b'\npassword='hunter2'":             "password_file",
		"[[cloud]]\nsource='mqtt'\n[broker]\nurl='mqtts://b'":       "cloud",
		"schema = 2\n[broker]\nurl='mqtts://b'":                     "must be 1",
	} {
		_, err := ParseRelay("relay.toml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := LoadRelay("/nowhere/relay.toml"); err == nil {
		t.Error("a missing file is taken")
	}
}
