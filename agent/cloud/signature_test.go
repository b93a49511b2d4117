package cloud

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// koreSign signs as KORE's documentation says, from the parts that the sender knows.
func koreSign(secret, method, url, body string) string {
	sum := sha256.Sum256([]byte(secret + method + url + body))
	return hex.EncodeToString(sum[:])
}

func signedBy(secrets ...string) *verifier {
	v := &verifier{}
	for _, s := range secrets {
		v.secrets = append(v.secrets, []byte(s))
	}
	return v
}

// TestKorePublishedVectors: docs.korewireless.com, "Validate Webhook Signatures". The page shows the JSON with spaces and
// hashes it without.
func TestKorePublishedVectors(t *testing.T) {
	const shown = `{ "field1": "value1", "field2": "value2"}`
	for _, c := range []struct{ secret, body, signature string }{
		{"12345", "field1=value1&field2=value2", "f562d3959f68b5a30fc7a63f8bbf40987f633575f4231ffceb4f76dd154ea3ce"},
		{"secret12345", "field1=value1&field2=value2", "4fdba0cb1394cc8d17b8dabb04634aa9a951021a7b161f9c7a2186cd490b18b2"},
		{"a35974bdf1c769b8bb", shown, "d21c555b37789cdb9433a85760d326f0c637d5c17676b8dc49918ec629c67d59"},
		{"a35974bdf1c769b8bb", `{"field1":"value1","field2":"value2"}`,
			"d21c555b37789cdb9433a85760d326f0c637d5c17676b8dc49918ec629c67d59"},
		{"12345", "field1=value1&field2=value2", "F562D3959F68B5A30FC7A63F8BBF40987F633575F4231FFCEB4F76DD154EA3CE"},
	} {
		// What a proxy makes of a request to https://testendpoint.com, with and without its Host header.
		for target, public := range map[string]string{
			"http://testendpoint.com/":                     "",
			"http://testendpoint.com/?foo1=bar1&foo2=bar2": "",
			"http://127.0.0.1:8099/":                       "https://testendpoint.com",
			"http://127.0.0.1:8099/events":                 "https://testendpoint.com/",
		} {
			v := signedBy("another", c.secret)
			v.publicURL = public
			req := httptest.NewRequest(http.MethodPost, target, nil)
			req.Header.Set("kore-signature", c.signature)
			if err := v.verify(req, []byte(c.body)); err != nil {
				t.Errorf("%s to %s as %q: %v", c.secret, target, public, err)
			}
			if err := v.verify(req, []byte(c.body+" x")); !errors.Is(err, errForged) {
				t.Errorf("another body: %v", err)
			}
			if err := signedBy("another").verify(req, []byte(c.body)); !errors.Is(err, errForged) {
				t.Errorf("another secret: %v", err)
			}
		}
	}
}

// TestTwilioPublishedVectors: the vectors of Twilio's helper libraries for JSON bodies, auth token 12345.
func TestTwilioPublishedVectors(t *testing.T) {
	const hash = "bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
	const body = `{"property": "value", "boolean": true}`
	for _, c := range []struct {
		target, public, signature, body string
		err                             error
	}{
		{"https://mycompany.com/myapp.php?foo=1&bar=2&" + hash, "", "a9nBmqA0ju/hNViExpshrM61xv4=", body, nil},
		{"https://mycompany.com/myapp.php?" + hash, "", "y77kIzt2vzLz71DgmJGsen2scGs=", body, nil},
		{"http://127.0.0.1:8099/events?" + hash, "https://mycompany.com/myapp.php", "y77kIzt2vzLz71DgmJGsen2scGs=", body, nil},
		{"https://mycompany.com:1234/myapp.php?" + hash, "", "y77kIzt2vzLz71DgmJGsen2scGs=", body, nil},
		{"https://mycompany.com/myapp.php?" + hash, "", "y77kIzt2vzLz71DgmJGsen2scGs=", "{}", errForged},
		{"https://mycompany.com/myapp.php?foo=1&bar=2", "", "0/KCTR6DLpKmkAf8muzZqo1nDgQ=", body, errForged},
		{"https://mycompany.com/myapp.php?" + hash, "", "a9nBmqA0ju/hNViExpshrM61xv4=", body, errForged},
		{"https://mycompany.com/myapp.php?" + hash, "", "%%%", body, errForged},
		{"https://mycompany.com/myapp.php?" + hash, "", "", body, errUnsigned},
	} {
		v := signedBy("12345")
		v.publicURL = c.public
		req := httptest.NewRequest(http.MethodPost, c.target, nil)
		req.Header.Set("X-Twilio-Signature", c.signature)
		if err := v.verify(req, []byte(c.body)); !errors.Is(err, c.err) {
			t.Errorf("%s signed %s: %v, want %v", c.target, c.signature, err, c.err)
		}
	}
}

// TestSignatureReadings: what the documentation leaves open is taken both ways.
func TestSignatureReadings(t *testing.T) {
	const body = "[\n {\"a\": 1.50, \"b\": \"\\u00e9 <&>\"}\n]"
	const compact = `[{"a":1.50,"b":"\u00e9 <&>"}]`
	const secret = "whs"
	for _, c := range []struct {
		name, target, signed, hashed, public string
		tls, fits                            bool
	}{
		{"raw", "/events", "https://pi.example/events", body, "", false, true},
		{"compacted", "/events", "https://pi.example/events", compact, "", false, true},
		{"plain http", "/events", "http://pi.example/events", body, "", false, true},
		{"TLS of our own", "/events", "https://pi.example/events", body, "", true, true},
		{"TLS of our own is no http", "/events", "http://pi.example/events", body, "", true, false},
		{"without the query", "/events?a=1", "https://pi.example/events", body, "", false, true},
		{"with the query", "/events?a=1", "https://pi.example/events?a=1", body, "", false, true},
		{"another query", "/events?a=1", "https://pi.example/events?a=2", body, "", false, false},
		{"another path", "/events", "https://pi.example/event", body, "", false, false},
		{"slash at the end", "/events/", "https://pi.example/events", body, "", false, false},
		{"escaped path", "/a%2Fb%20c", "https://pi.example/a%2Fb%20c", body, "", false, true},
		{"another host", "/events", "https://other.example/events", body, "", false, false},
		{"public URL", "/events", "https://public.example/hook/7", body, "https://public.example/hook/7", false, true},
		{"public URL only", "/events", "https://pi.example/events", body, "https://public.example/hook/7", false, false},
	} {
		v := signedBy(secret)
		v.publicURL, v.tls = c.public, c.tls
		req := httptest.NewRequest(http.MethodPost, "http://pi.example"+c.target, nil)
		req.Header.Set("kore-signature", koreSign(secret, "POST", c.signed, c.hashed))
		if err := v.verify(req, []byte(body)); (err == nil) != c.fits {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestSignatureRefused(t *testing.T) {
	body := []byte("[]")
	good := koreSign("s", "POST", "https://h/p", "[]")
	for _, c := range []struct {
		name, header string
		err          error
	}{
		{"none", "", errUnsigned},
		{"short", good[:62], errForged},
		{"long", good + "00", errForged},
		{"no hex", strings.Repeat("z", 64), errForged},
		{"zeros", strings.Repeat("0", 64), errForged},
		{"of the empty secret", koreSign("", "POST", "https://h/p", "[]"), errForged},
		{"of GET", koreSign("s", "GET", "https://h/p", "[]"), errForged},
		{"good", good, nil},
	} {
		req := httptest.NewRequest(http.MethodPost, "http://h/p", bytes.NewReader(body))
		req.Header.Set("kore-signature", c.header)
		if err := signedBy("s").verify(req, body); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
		if err := signedBy().verify(req, body); err != nil {
			t.Errorf("%s, and nobody asks for one: %v", c.name, err)
		}
	}
}
