package config

import "time"

// Kinds of [[cloud]].
const (
	sourceWebhook = "webhook"
	sourceMQTT    = "mqtt"
	sourceFile    = "file"
	sourceSpool   = "spool"
)

var sources = []string{sourceWebhook, sourceMQTT, sourceFile, sourceSpool}

// A section is one table of the file: its name and its rows. The section without a name is the top of the file.
type section struct {
	name string
	keys []key
}

// sections lists every table but [[cloud]], bound to the fields of c, in the order in which they are shown.
func (c *Config) sections() []section {
	return []section{
		{"", []key{number("schema", &c.Schema, Schema, Schema)}},
		{"modem", c.Modem.keys()},
		{"network", c.Network.keys()},
		{"attach", c.Attach.keys()},
		{"data", c.Data.keys()},
		{"status", c.Status.keys()},
		{"journal", c.Journal.keys()},
		{"log", c.Log.keys()},
	}
}

func (m *Modem) keys() []key {
	return []key{
		text("port", &m.Port, wordOr(absolutePath, "auto")),
		number("baud", &m.Baud, 1200, 4_000_000),
		text("board", &m.Board, boardName),
		text("power_control", &m.PowerControl, oneOf("auto", "never")),
		text("pin_file", &m.PINFile, wordOr(absolutePath, "")),
		text("power_saving", &m.PowerSaving, oneOf("keep", "off")),
	}
}

func (n *Network) keys() []key {
	return []key{
		text("apn", &n.APN, apnName),
		text("pdp_type", &n.PDPType, oneOf("ip", "ipv6", "ipv4v6")),
		text("username", &n.Username, userOfAPN),
		text("password_file", &n.PasswordFile, wordOr(absolutePath, "")),
		truth("roaming", &n.Roaming),
		texts("rats", &n.RATs, oneOf("2G", "3G", "4G", "5G")),
		numbers("lte_bands", &n.LTEBands, 1, 256),
		numbers("nr_bands", &n.NRBands, 1, 512),
		texts("preferred_plmns", &n.Preferred, plmn),
	}
}

func (a *Attach) keys() []key {
	return []key{
		text("profile", &a.Profile, oneOf("balanced", "attended", "gentle", "observe")),
		duration("start_delay_max", &a.StartDelayMax, 24*time.Hour),
	}
}

func (d *Data) keys() []key {
	return []key{
		text("bearer", &d.Bearer, oneOf("auto", "ppp", "ecm", "existing", "none")),
		number("metric", &d.Metric, 0, 1<<32-1),
		truth("probe", &d.Probe),
		number("monthly_cap_mb", &d.MonthlyCapMB, 0, 2_000_000), // the largest data_limit of a Fleet
	}
}

func (s *Status) keys() []key {
	return []key{
		text("socket", &s.Socket, socketPath),
		texts("operators", &s.Operators, userName),
	}
}

func (j *Journal) keys() []key {
	return []key{
		text("dir", &j.Dir, absolutePath),
		number("max_bytes", &j.MaxBytes, 1<<20, 1<<30),
	}
}

func (l *Log) keys() []key {
	return []key{
		text("level", &l.Level, oneOf("trace", "debug", "info", "warn", "error")),
		text("format", &l.Format, oneOf("auto", "json", "human")),
	}
}

// keys lists the rows of a [[cloud]] of c's kind; a kind we do not know has only the row that says the kind.
func (c *Cloud) keys() []key {
	rows := []key{text("source", &c.Source, oneOf(sources...)).must()}
	switch c.Source {
	case sourceWebhook:
		return append(rows,
			text("listen", &c.Listen, hostPort),
			text("path", &c.Path, urlPath),
			truth("allow_remote", &c.AllowRemote),
			truth("plain_http", &c.PlainHTTP),
			texts("secret_files", &c.SecretFiles, absolutePath),
			text("public_url", &c.PublicURL, wordOr(publicURL, "")),
			text("cert_file", &c.CertFile, wordOr(absolutePath, "")),
			text("key_file", &c.KeyFile, wordOr(absolutePath, "")))
	case sourceMQTT:
		return append(rows,
			text("url", &c.URL, brokerURL).must(),
			text("ca_file", &c.CAFile, wordOr(absolutePath, "")),
			text("cert_file", &c.CertFile, wordOr(absolutePath, "")),
			text("key_file", &c.KeyFile, wordOr(absolutePath, "")),
			text("user_file", &c.UserFile, wordOr(absolutePath, "")),
			text("password_file", &c.PasswordFile, wordOr(absolutePath, "")),
			text("client_id", &c.ClientID, wordOr(clientID, "")),
			text("topic_prefix", &c.TopicPrefix, topicPrefix),
			text("topic_key_file", &c.TopicKeyFile, wordOr(absolutePath, "")),
			text("iccid", &c.ICCID, wordOr(iccid, "")),
			truth("plain_text", &c.PlainText),
			duration("keep_alive", &c.KeepAlive, maxKeepAlive),
			truth("status", &c.Status),
			duration("status_every", &c.StatusEvery, 24*time.Hour),
			number("status_daily_bytes", &c.StatusDailyBytes, 0, 1<<30))
	case sourceFile:
		return append(rows, text("path", &c.Path, absolutePath).must())
	case sourceSpool:
		return append(rows,
			text("dir", &c.Dir, absolutePath).must(),
			number("keep", &c.Keep, 0, 100_000))
	}
	return rows
}
