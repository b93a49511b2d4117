package config

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// oneOf takes the words of an enumeration, and suggests one for a near miss.
func oneOf(words ...string) check {
	return func(s string) string {
		if slices.Contains(words, s) {
			return ""
		}
		if near := nearest(s, words); near != "" {
			return fmt.Sprintf("%q is not known, did you mean %q?", s, near)
		}
		return fmt.Sprintf("%q is not known, must be %s", s, alternatives(words))
	}
}

// wordOr takes a word with a meaning of its own, or what the other check takes.
func wordOr(other check, word string) check {
	return func(s string) string {
		if s == word {
			return ""
		}
		wrong := other(s)
		if wrong != "" && word != "" {
			wrong += fmt.Sprintf(", or %q", word)
		}
		return wrong
	}
}

// absolutePath never prints what it was given: a password put where the name of its file belongs is an easy mistake.
func absolutePath(s string) string {
	if !filepath.IsAbs(s) {
		return "must be an absolute path"
	}
	return ""
}

// maxSocketPath is what fits into sockaddr_un with its final zero (unix(7)).
const maxSocketPath = 107

func socketPath(s string) string {
	if len(s) > maxSocketPath {
		return fmt.Sprintf("the path of a socket has at most %d bytes, not %d", maxSocketPath, len(s))
	}
	return absolutePath(s)
}

var (
	boardPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	// TS 23.003 §9.1: labels of letters, digits and hyphens, up to 100 octets in all.
	apnPattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)
	// TS 23.003 §2.2: three digits of country, two or three of network.
	plmnPattern = regexp.MustCompile(`^[0-9]{5,6}$`)
	userPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,31}$`)
)

const (
	maxAPN = 100
	// maxAPNUser is the shortest limit among the modules we know (AT+CGAUTH, AT+QICSGP).
	maxAPNUser = 64
)

func boardName(s string) string {
	if !boardPattern.MatchString(s) {
		return fmt.Sprintf(`%q must be "auto", "none" or the name of a board in lower case`, s)
	}
	return ""
}

func apnName(s string) string {
	if len(s) > maxAPN || !apnPattern.MatchString(s) {
		return fmt.Sprintf("%q is not an APN: letters, digits, hyphens and dots, at most %d", s, maxAPN)
	}
	return ""
}

func plmn(s string) string {
	if !plmnPattern.MatchString(s) {
		return fmt.Sprintf("%q is not a network: five or six digits such as \"310410\"", s)
	}
	return ""
}

func userOfAPN(s string) string {
	if len(s) > maxAPNUser || strings.ContainsAny(s, `"`) {
		return fmt.Sprintf("must have at most %d bytes and no quotes", maxAPNUser)
	}
	return ""
}

func userName(s string) string {
	if !userPattern.MatchString(s) {
		return fmt.Sprintf("%q is not a user name", s)
	}
	return ""
}

func hostPort(s string) string {
	_, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Sprintf(`%q must be an address and a port such as "127.0.0.1:8099"`, s)
	}
	return ""
}

// loopback reports whether only this host can reach an address that hostPort takes.
func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// hasPortZero reports whether the kernel is to choose the port.
func hasPortZero(listen string) bool {
	_, port, err := net.SplitHostPort(listen)
	return err == nil && strings.Trim(port, "0") == ""
}

func urlPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || !strings.HasPrefix(s, "/") || u.Path != s {
		return fmt.Sprintf(`%q must be the path of a URL such as "/events"`, s)
	}
	return ""
}

// publicURL is what is typed into the console of the sender, who leaves query and fragment out of the signature.
func publicURL(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return `must be a URL such as "https://pi.example/events"`
	case u.User != nil:
		return "must not hold a user or password"
	case strings.ContainsAny(s, "?#"):
		return "must have no query and no fragment: they are not signed"
	}
	return ""
}

// brokerURL never prints what it was given: people put passwords into URLs.
func brokerURL(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "mqtt" && u.Scheme != "mqtts":
		return `must be a URL such as "mqtts://broker.example:8883"`
	case u.User != nil:
		return "must not hold a user or password: give them in user_file and password_file"
	}
	return ""
}

// maxKeepAlive is what fits into a CONNECT packet (MQTT 5, 3.1.2.10).
const maxKeepAlive = 65535 * time.Second

func clientID(s string) string {
	if !clientPattern.MatchString(s) {
		return fmt.Sprintf("%q must be letters, digits, hyphens, dots and underscores, 64 at most", s)
	}
	return ""
}

var clientPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// topicPrefix is one level of topics or several: "supersim", "acme/supersim".
func topicPrefix(s string) string {
	if !prefixPattern.MatchString(s) {
		return fmt.Sprintf(`%q must be a prefix of topics such as "supersim" or "acme/supersim"`, s)
	}
	return ""
}

var prefixPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}(/[A-Za-z0-9._-]{1,64}){0,7}$`)

func iccid(s string) string {
	if !iccidPattern.MatchString(s) {
		return fmt.Sprintf("%q must be the 18 to 20 digits of an ICCID", s)
	}
	return ""
}

var iccidPattern = regexp.MustCompile(`^[0-9]{18,20}$`)

// maxWord is longer than any word a slip could be meant for.
const maxWord = 32

// nearest returns the candidate that s is most likely a slip of, or "": one letter in three may differ.
func nearest(s string, candidates []string) string {
	if len(s) > maxWord {
		return ""
	}
	best, least := "", max(1, len(s)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(s), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is how many letters must be put in, left out, replaced or swapped with their neighbour to make b of a.
func distance(a, b string) int {
	var before, above, row []int // the rows for i-2, i-1 and i letters of a
	for j := range len(b) + 1 {
		above = append(above, j)
	}
	for i := 1; i <= len(a); i++ {
		row = append(make([]int, 0, len(b)+1), i)
		for j := 1; j <= len(b); j++ {
			cost := above[j-1]
			if a[i-1] != b[j-1] {
				cost++
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cost = min(cost, before[j-2]+1)
			}
			row = append(row, min(cost, above[j]+1, row[j-1]+1))
		}
		before, above = above, row
	}
	return above[len(b)]
}

// alternatives writes words as `"a", "b" or "c"`.
func alternatives(words []string) string {
	var b strings.Builder
	for i, w := range words {
		switch i {
		case 0:
		case len(words) - 1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(w))
	}
	return b.String()
}
