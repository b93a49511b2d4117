package modemsim

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// Signature is the value of the header kore-signature with which KORE would send a body to a URL: the hash of secret, method,
// URL and body in one string (docs.korewireless.com, validate webhook signatures). Query and fragment of the URL are left
// out. The body must have no needless white space, as those of World.OnEvents. Without a secret the header is empty.
func Signature(secret, method, url string, body []byte) string {
	if secret == "" {
		return ""
	}
	if end := strings.IndexAny(url, "?#"); end >= 0 {
		url = url[:end]
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(secret+method+url+string(body))))
}
