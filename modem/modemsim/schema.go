package modemsim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setter checks one value and stores it. It never stores a value it complains about.
type setter[T any] func(*T, *value) error

// keys is the table of what may stand in one section of a scenario: one row per key.
type keys[T any] map[string]setter[T]

// The sections. A key added here works in its section and, without more ado, in [[at]] set.<section>.<key>.
var (
	simKeys = keys[SIM]{
		"iccid":               text(func(s *SIM) *string { return &s.ICCID }, digits(18, 20)),
		"imsis":               texts(func(s *SIM) *[]string { return &s.IMSIs }, digits(14, 15)),
		"imei":                text(func(s *SIM) *string { return &s.IMEI }, digits(15, 15)),
		"status":              text(func(s *SIM) *string { return &s.Status }, oneOf("new", "ready", "active", "inactive")),
		"apn_allowed":         texts(func(s *SIM) *[]string { return &s.APNAllowed }, anything),
		"data_limit_reached":  flag(func(s *SIM) *bool { return &s.DataLimitReached }),
		"imsi_switch":         duration(func(s *SIM) *time.Duration { return &s.IMSISwitch }),
		"applet_clears_fplmn": flag(func(s *SIM) *bool { return &s.AppletClears }),
		"fplmn":               texts(func(s *SIM) *[]string { return &s.FPLMN }, digits(5, 6)),
		"fplmn_slots":         integer(func(s *SIM) *int { return &s.FPLMNSlots }, 4, 32),
		"pin":                 text(func(s *SIM) *string { return &s.PIN }, orEmpty(digits(4, 8))),
		"present":             flag(func(s *SIM) *bool { return &s.Present }),
		"attach_limit":        integer(func(s *SIM) *int { return &s.AttachLimit }, 1, 1000),
	}
	cellKeys = keys[Cell]{
		"plmn":          text(func(c *Cell) *string { return &c.PLMN }, digits(5, 6)),
		"name":          text(func(c *Cell) *string { return &c.Name }, oneLine),
		"country":       text(func(c *Cell) *string { return &c.Country }, oneLine),
		"cloud_plmn":    text(func(c *Cell) *string { return &c.CloudPLMN }, digits(5, 6)),
		"rat":           ratKey,
		"rsrp":          integer(func(c *Cell) *int { return &c.RSRPdBm }, -160, -30),
		"tac":           hexadecimal(func(c *Cell) *uint32 { return &c.TAC }, 16),
		"cell_id":       hexadecimal(func(c *Cell) *uint32 { return &c.CellID }, 28),
		"nap_allowed":   flag(func(c *Cell) *bool { return &c.NAPAllowed }),
		"reject_cause":  integer(func(c *Cell) *int { return &c.RejectCause }, 0, 111),
		"session_cause": integer(func(c *Cell) *int { return &c.SessionCause }, 0, 111),
		"roaming_route": flag(func(c *Cell) *bool { return &c.RoamingRoute }),
		"allowed_imsis": texts(func(c *Cell) *[]string { return &c.AllowedIMSIs }, digits(14, 15)),
	}
	moduleKeys = keys[Module]{
		"apn":        text(func(m *Module) *string { return &m.APN }, oneLine),
		"pdp_type":   text(func(m *Module) *string { return &m.PDPType }, oneOf("IP", "IPV6", "IPV4V6", "NONIP")),
		"cfun":       choice(func(m *Module) *int { return &m.CFUN }, 0, 1, 4),
		"cops_mode":  integer(func(m *Module) *int { return &m.COPSMode }, 0, 2),
		"cops_plmn":  text(func(m *Module) *string { return &m.COPSPLMN }, digits(5, 6)),
		"boot":       duration(func(m *Module) *time.Duration { return &m.Boot }),
		"echo":       flag(func(m *Module) *bool { return &m.Echo }),
		"firmware":   text(func(m *Module) *string { return &m.Firmware }, oneLine),
		"imei":       text(func(m *Module) *string { return &m.IMEI }, digits(15, 15)),
		"stored":     texts(func(m *Module) *[]string { return &m.Stored }, atCommand),
		"speaks":     text(func(m *Module) *string { return &m.Speaks }, oneOf(speakers...)),
		"powered":    flag(func(m *Module) *bool { return &m.Powered }),
		"fragments":  flag(func(m *Module) *bool { return &m.Fragments }),
		"interleave": flag(func(m *Module) *bool { return &m.Interleave }),
		"late":       flag(func(m *Module) *bool { return &m.Late }),
	}
	cloudKeys = keys[Cloud]{
		"delay":        duration(func(c *Cloud) *time.Duration { return &c.Delay }),
		"jitter":       duration(func(c *Cloud) *time.Duration { return &c.Jitter }),
		"duplicate":    probability(func(c *Cloud) *float64 { return &c.Duplicate }),
		"reorder":      probability(func(c *Cloud) *float64 { return &c.Reorder }),
		"loss":         probability(func(c *Cloud) *float64 { return &c.Loss }),
		"alive":        flag(func(c *Cloud) *bool { return &c.Alive }),
		"envelope":     text(func(c *Cloud) *string { return &c.Envelope }, oneOf("kore", "twilio")),
		"core_failure": text(func(c *Cloud) *string { return &c.CoreFailure }, oneOf("", "attach", "session")),
		"ota":          duration(func(c *Cloud) *time.Duration { return &c.OTA }),
	}
	hostKeys = keys[Host]{
		"ntp":          flag(func(h *Host) *bool { return &h.NTP }),
		"clock_offset": signed(func(h *Host) *time.Duration { return &h.ClockOffset }),
		"interface":    text(func(h *Host) *string { return &h.Interface }, oneLine),
		"link":         text(func(h *Host) *string { return &h.Link }, oneOf(linkUp, linkDown, linkNoAddress, linkNoRoute)),
		"upload":       integer(func(h *Host) *int { return &h.Upload }, 0, maxRate),
		"download":     integer(func(h *Host) *int { return &h.Download }, 0, maxRate),
	}
	internetKeys = keys[Internet]{
		"dns":    flag(func(i *Internet) *bool { return &i.DNS }),
		"filter": flag(func(i *Internet) *bool { return &i.Filter }),
	}
	expectKeys = keys[Expect]{
		"by":           duration(func(e *Expect) *time.Duration { return &e.By }),
		"from":         duration(func(e *Expect) *time.Duration { return &e.From }),
		"verdict":      text(func(e *Expect) *string { return &e.Verdict }, kebab),
		"verdict_not":  text(func(e *Expect) *string { return &e.VerdictNot }, kebab),
		"action":       text(func(e *Expect) *string { return &e.Action }, kebab),
		"never_action": text(func(e *Expect) *string { return &e.NeverAction }, kebab),
		"max":          counts(func(e *Expect) *map[string]int { return &e.Max }),
		"sim":          fields(func(e *Expect) *map[string]any { return &e.SIM }),
		"data":         fields(func(e *Expect) *map[string]any { return &e.Data }),
		"registration": fields(func(e *Expect) *map[string]any { return &e.Registration }),
		"modem":        fields(func(e *Expect) *map[string]any { return &e.Modem }),
		"signal":       fields(func(e *Expect) *map[string]any { return &e.Signal }),
		"cloud":        fields(func(e *Expect) *map[string]any { return &e.Cloud }),
		"attach":       fields(func(e *Expect) *map[string]any { return &e.Attach }),
	}
)

// maxRate is in bytes a minute: a day of it fits into an amount.
const maxRate = 100_000_000

// ratKey accepts the cloud's spelling "4G LTE" and the plain "4G" beside ours.
func ratKey(c *Cell, v *value) error {
	if v.kind == isText && strings.HasPrefix(v.text, "4G") && strings.TrimSuffix(v.text, " LTE") == "4G" {
		c.RAT = "LTE"
		return nil
	}
	return text(func(c *Cell) *string { return &c.RAT }, oneOf("LTE", "5G", "3G", "2G"))(c, v)
}

// fill applies a table's keys to dst. Unknown keys and bad values become problems; the rest is stored.
func fill[T any](p *problems, dst *T, table *value, known keys[T], section string) {
	if table.kind != isTable {
		p.add(table.place, "%s: want a table, got %s", section, table.kind)
		return
	}
	for _, key := range table.keys {
		item, path := table.items[key], joinPath(section, key)
		set, ok := known[key]
		if !ok {
			p.add(item.place, "unknown key %s (known: %s)", path, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
			continue
		}
		if err := set(dst, item); err != nil {
			p.add(item.place, "%s: %v", path, err)
		}
	}
}

func joinPath(section, key string) string {
	if section == "" {
		return key
	}
	return section + "." + key
}

func text[T any](field func(*T) *string, check func(string) error) setter[T] {
	return func(t *T, v *value) error {
		if v.kind != isText {
			return fmt.Errorf("want a string, got %s", v.kind)
		}
		if err := check(v.text); err != nil {
			return err
		}
		*field(t) = v.text
		return nil
	}
}

// texts accepts a list of strings, or one string for a list of one.
func texts[T any](field func(*T) *[]string, check func(string) error) setter[T] {
	return func(t *T, v *value) error {
		items := v.list
		if v.kind == isText {
			items = []*value{v}
		} else if v.kind != isList {
			return fmt.Errorf("want a list of strings, got %s", v.kind)
		}
		out := make([]string, 0, len(items))
		for _, item := range items {
			if item.kind != isText {
				return fmt.Errorf("want strings in the list, got %s", item.kind)
			}
			if err := check(item.text); err != nil {
				return err
			}
			out = append(out, item.text)
		}
		*field(t) = out
		return nil
	}
}

func flag[T any](field func(*T) *bool) setter[T] {
	return func(t *T, v *value) error {
		if v.kind != isBool {
			return fmt.Errorf("want true or false, got %s", v.kind)
		}
		*field(t) = v.text == "true"
		return nil
	}
}

func integer[T any](field func(*T) *int, low, high int) setter[T] {
	return func(t *T, v *value) error {
		n, err := v.whole()
		if err != nil {
			return err
		}
		if n < int64(low) || n > int64(high) {
			return fmt.Errorf("want %d to %d, got %d", low, high, n)
		}
		*field(t) = int(n)
		return nil
	}
}

func choice[T any](field func(*T) *int, allowed ...int) setter[T] {
	return func(t *T, v *value) error {
		n, err := v.whole()
		if err != nil {
			return err
		}
		if !slices.Contains(allowed, int(n)) {
			return fmt.Errorf("want one of %v, got %d", allowed, n)
		}
		*field(t) = int(n)
		return nil
	}
}

// hexadecimal accepts "1A2D" as the modems print it, or a TOML integer.
func hexadecimal[T any](field func(*T) *uint32, bits int) setter[T] {
	return func(t *T, v *value) error {
		var n uint64
		var err error
		switch v.kind {
		case isText:
			n, err = strconv.ParseUint(strings.TrimPrefix(strings.ToLower(v.text), "0x"), 16, 64)
		default:
			var whole int64
			whole, err = v.whole()
			n = uint64(whole)
		}
		if err != nil || n >= 1<<bits {
			return fmt.Errorf("want hex digits in a string or an integer, at most %d bits, got %q", bits, v.text)
		}
		*field(t) = uint32(n)
		return nil
	}
}

// duration accepts Go's notation in a string, and a bare 0.
func duration[T any](field func(*T) *time.Duration) setter[T] {
	return func(t *T, v *value) error {
		if v.kind == isInt && v.text == "0" {
			*field(t) = 0
			return nil
		}
		if v.kind != isText {
			return fmt.Errorf("want a duration in quotes such as %q, got %s", "90s", v.kind)
		}
		d, err := time.ParseDuration(v.text)
		if err != nil || d < 0 {
			return fmt.Errorf("want a duration such as %q or %q, got %q", "90s", "1h30m", v.text)
		}
		*field(t) = d
		return nil
	}
}

// signed is a duration that may be negative.
func signed[T any](field func(*T) *time.Duration) setter[T] {
	return func(t *T, v *value) error {
		if minus, ok := strings.CutPrefix(v.text, "-"); ok && v.kind == isText {
			positive := *v
			positive.text = minus
			if err := duration(field)(t, &positive); err != nil {
				return err
			}
			*field(t) = -*field(t)
			return nil
		}
		return duration(field)(t, v)
	}
}

// probability accepts 0 to 1; true and false are taken as always and never.
func probability[T any](field func(*T) *float64) setter[T] {
	return func(t *T, v *value) error {
		if v.kind == isBool {
			*field(t) = map[string]float64{"true": 1}[v.text]
			return nil
		}
		n, err := v.number()
		if err != nil {
			return err
		}
		if !(n >= 0 && n <= 1) {
			return fmt.Errorf("want a probability from 0 to 1, got %s", v.text)
		}
		*field(t) = n
		return nil
	}
}

func counts[T any](field func(*T) *map[string]int) setter[T] {
	return func(t *T, v *value) error {
		if v.kind != isTable {
			return fmt.Errorf("want a table such as {radio-cycle = 1}, got %s", v.kind)
		}
		out := map[string]int{}
		for _, key := range v.keys {
			n, err := v.items[key].whole()
			if err != nil || n < 0 {
				return fmt.Errorf("%s: want a count", key)
			}
			out[key] = int(n)
		}
		*field(t) = out
		return nil
	}
}

func fields[T any](field func(*T) *map[string]any) setter[T] {
	return func(t *T, v *value) error {
		if v.kind != isTable {
			return fmt.Errorf("want a table such as {apn = \"super\"}, got %s", v.kind)
		}
		out := map[string]any{}
		for _, key := range v.keys {
			item, err := v.items[key].plain()
			if err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			out[key] = item
		}
		*field(t) = out
		return nil
	}
}

func anything(string) error { return nil }

// oneLine keeps text from breaking the AT line it will be printed in.
func oneLine(s string) error {
	if len(s) > 100 || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '"' || r > '~' }) {
		return fmt.Errorf("want up to 100 printable ASCII characters without quotes, got %q", s)
	}
	return nil
}

// atCommand accepts one line for the module.
func atCommand(s string) error {
	body, found := afterPrefix(s)
	if _, valid := parseLine(body); !found || !valid {
		return fmt.Errorf("want an AT command such as %q, got %q", "AT+CNMP=2", s)
	}
	return nil
}

func digits(low, high int) func(string) error {
	return func(s string) error {
		if len(s) < low || len(s) > high || strings.Trim(s, "0123456789") != "" {
			return fmt.Errorf("want %d to %d digits, got %q", low, high, s)
		}
		return nil
	}
}

func orEmpty(check func(string) error) func(string) error {
	return func(s string) error {
		if s == "" {
			return nil
		}
		return check(s)
	}
}

func oneOf(words ...string) func(string) error {
	return func(s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("want one of %s, got %q", strings.Join(words, ", "), s)
		}
		return nil
	}
}

// kebab is the spelling of verdicts and actions.
func kebab(s string) error {
	if s == "" || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("want a name in lower-kebab-case, got %q", s)
	}
	return nil
}
