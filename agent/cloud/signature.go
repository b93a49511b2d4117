package cloud

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
)

const (
	// koreHeader holds the hex of SHA-256(secret + method + URL + body); it is empty when the account has no secret
	// (docs.korewireless.com, webhooks, validate webhook signatures).
	koreHeader = "Kore-Signature"
	// twilioHeader holds the base64 of HMAC-SHA1(auth token, URL with query). For a JSON body the query has the body's
	// hash (twilio.com/docs, webhooks security).
	twilioHeader   = "X-Twilio-Signature"
	twilioBodyHash = "bodySHA256"

	// maxSecrets bounds what one request costs: two of KORE's while one replaces the other, and as many of Twilio's.
	maxSecrets = 4
)

var (
	errUnsigned = errors.New("the request is not signed")
	errForged   = errors.New("the signature does not fit the body and the URL")
)

// A verifier tells whether a request was signed with one of our secrets. Without any secret it takes every request.
type verifier struct {
	secrets   [][]byte
	publicURL string // as the sender was given it; "" to make it from the request
	tls       bool   // of the listener
}

// verify returns nil, errUnsigned or errForged.
func (v *verifier) verify(req *http.Request, body []byte) error {
	if len(v.secrets) == 0 {
		return nil
	}
	kore, twilio := req.Header.Get(koreHeader), req.Header.Get(twilioHeader)
	if kore == "" && twilio == "" {
		return errUnsigned
	}
	urls := v.urls(req)
	if v.kore(kore, req, urls, body) || v.twilio(twilio, req, urls, body) {
		return nil
	}
	return errForged
}

// kore looks at the bytes as they came first. The documentation hashes JSON in its minified form although it shows it with
// spaces, so a body that does not fit is looked at without them.
func (v *verifier) kore(signature string, req *http.Request, urls []string, body []byte) bool {
	digest, err := hex.DecodeString(signature)
	if err != nil || len(digest) != sha256.Size {
		return false
	}
	if raw := req.URL.RawQuery; raw != "" {
		// Signed without the query by the present documentation, as an earlier one had it ("the exact URL") with it.
		for _, u := range urls {
			urls = append(urls, u+"?"+raw)
		}
	}
	if v.koreFits(digest, req.Method, urls, body) {
		return true
	}
	var compact bytes.Buffer
	if json.Compact(&compact, body) != nil || compact.Len() == len(body) {
		return false
	}
	return v.koreFits(digest, req.Method, urls, compact.Bytes())
}

func (v *verifier) koreFits(digest []byte, method string, urls []string, body []byte) (fits bool) {
	for _, secret := range v.secrets {
		for _, u := range urls {
			hash := sha256.New()
			hash.Write(secret)
			hash.Write([]byte(method + u))
			hash.Write(body)
			fits = subtle.ConstantTimeCompare(hash.Sum(nil), digest) == 1 || fits
		}
	}
	return fits
}

func (v *verifier) twilio(signature string, req *http.Request, urls []string, body []byte) (fits bool) {
	digest, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || len(digest) != sha1.Size || !bodyHashFits(req, body) {
		return false
	}
	for _, secret := range v.secrets {
		for _, u := range withPorts(urls) {
			mac := hmac.New(sha1.New, secret)
			mac.Write([]byte(u + "?" + req.URL.RawQuery))
			fits = hmac.Equal(mac.Sum(nil), digest) || fits
		}
	}
	return fits
}

// bodyHashFits: Twilio signs the URL only, and the body by its hash in the URL. Without it anything could be in the body.
func bodyHashFits(req *http.Request, body []byte) bool {
	digest, err := hex.DecodeString(req.URL.Query().Get(twilioBodyHash))
	sum := sha256.Sum256(body)
	return err == nil && subtle.ConstantTimeCompare(digest, sum[:]) == 1
}

// urls lists what the sender may have been given as our URL, without query and fragment. Only the sender knows; a proxy in
// between hides it. KORE and Twilio deliver by HTTPS, so a plain listener has something before it that ended TLS.
func (v *verifier) urls(req *http.Request) []string {
	if v.publicURL != "" {
		return orRoot(v.publicURL)
	}
	rest := "://" + req.Host + req.URL.EscapedPath()
	if v.tls {
		return orRoot("https" + rest)
	}
	return slices.Concat(orRoot("http"+rest), orRoot("https"+rest))
}

// orRoot adds the other way to write the URL of a root: "https://host" and "https://host/" make the same request.
func orRoot(u string) []string {
	parsed, err := url.Parse(u)
	switch {
	case err == nil && parsed.Path == "":
		return []string{u, u + "/"}
	case err == nil && parsed.Path == "/":
		return []string{u, u[:len(u)-1]}
	}
	return []string{u}
}

// withPorts adds each URL without its port, or with the usual one if it has none: Twilio signs now the one, now the other,
// and its own libraries try both.
func withPorts(urls []string) []string {
	all := slices.Clone(urls)
	for _, u := range urls {
		parsed, err := url.Parse(u)
		if err != nil {
			continue
		}
		switch {
		case parsed.Port() != "":
			parsed.Host = parsed.Host[:len(parsed.Host)-len(parsed.Port())-1]
		case parsed.Scheme == "https":
			parsed.Host += ":443"
		default:
			parsed.Host += ":80"
		}
		all = append(all, parsed.String())
	}
	return all
}
