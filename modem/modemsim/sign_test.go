package modemsim

import "testing"

// The examples of KORE's documentation, "Validate Webhook Signatures".
func TestSignature(t *testing.T) {
	for _, c := range []struct{ secret, url, body, want string }{
		{"12345", "https://testendpoint.com", "field1=value1&field2=value2",
			"f562d3959f68b5a30fc7a63f8bbf40987f633575f4231ffceb4f76dd154ea3ce"},
		{"12345", "https://testendpoint.com?foo1=bar1&foo2=bar2", "field1=value1&field2=value2",
			"f562d3959f68b5a30fc7a63f8bbf40987f633575f4231ffceb4f76dd154ea3ce"},
		{"12345", "https://testendpoint.com#cbs=kore", "field1=value1&field2=value2",
			"f562d3959f68b5a30fc7a63f8bbf40987f633575f4231ffceb4f76dd154ea3ce"},
		{"a35974bdf1c769b8bb", "https://testendpoint.com", `{"field1":"value1","field2":"value2"}`,
			"d21c555b37789cdb9433a85760d326f0c637d5c17676b8dc49918ec629c67d59"},
		{"", "https://testendpoint.com", "{}", ""},
	} {
		if got := Signature(c.secret, "POST", c.url, []byte(c.body)); got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.secret, c.url, got, c.want)
		}
	}
}
