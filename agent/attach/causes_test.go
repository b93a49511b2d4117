package attach

import (
	"testing"

	"supersim-agent/agent/cloud"
	"supersim-agent/agent/facts"
	"supersim-agent/modem"
)

// Every cause that the specifications name has one row, and every +CME ERROR that carries a cause leads to one.
func TestEveryCauseHasAClass(t *testing.T) {
	named := 0
	for _, d := range modem.CauseDomains {
		for n := range 256 {
			c := modem.Cause{Domain: d, Number: n}
			if c.Name() == "unknown cause" {
				continue
			}
			named++
			row, ok := LookupCause(c)
			if !ok || row.Class == nil || row.Source == "" || row.Means == "" {
				t.Errorf("%v: %+v", c, row)
			}
		}
	}
	if len(Causes) != named {
		t.Errorf("%d rows for %d named causes", len(Causes), named)
	}
	for code := range 700 {
		if c := modem.CauseOfCME(code); c != (modem.Cause{}) {
			if _, ok := LookupCause(c); !ok {
				t.Errorf("+CME ERROR: %d carries %v, which has no row", code, c)
			}
		}
	}
	for _, row := range Causes {
		if c := modem.CauseOfCME(row.CME); row.CME != 0 && (c.Domain != row.Domain || c.Number != row.Number) {
			t.Errorf("row %s %d: +CME ERROR: %d carries %v", row.Domain, row.Number, row.CME, c)
		}
	}
}

// What the specifications call permanent or temporary (GSMA TS.34 §8.2.2, §8.2.3) is taken so.
func TestClassesFollowTheSets(t *testing.T) {
	for _, test := range []struct {
		domain  facts.CauseDomain
		numbers []int
		class   Class
	}{
		{facts.EMM, []int{3, 5, 6, 7, 8}, ClassStop},
		{facts.GMM, []int{3, 5, 6, 7, 8}, ClassStop},
		{facts.MM, []int{3, 5, 6}, ClassStop},
		{facts.EMM, []int{11, 13, 14, 35}, ClassPLMN},
		{facts.EMM, []int{12, 15, 25}, ClassArea},
		{facts.EMM, []int{17, 42, 77, 0, -1}, ClassTemp},
		{facts.EMM, []int{22}, ClassCong},
		{facts.EMM, []int{9, 10, 40}, ClassReattach},
		{facts.ESM, []int{8, 27, 28, 29, 30, 32, 33, 50, 51, 52}, ClassAPN},
		{facts.SM, []int{8, 27, 28, 29, 30, 32, 33, 50, 51, 52}, ClassAPN},
		{facts.ESM, []int{26}, ClassCong},
		{facts.SM, []int{25, 31, 34, 35, 38}, ClassTemp},
		{facts.ESM, []int{95, 111, 200}, ClassProto},
	} {
		for _, n := range test.numbers {
			if got := ClassOf(facts.Cause{Domain: test.domain, Number: n}); got != test.class {
				t.Errorf("%s %d is %s, want %s", test.domain, n, got.Name, test.class.Name)
			}
		}
	}
}

// A refusal of the cloud is taken by its code, an unknown one by its words, and what nobody knows is never final.
func TestClassOfEvent(t *testing.T) {
	for _, test := range []struct {
		typ     string
		code    int
		message string
		want    Class
	}{
		{cloud.AttachmentFailed, 83700, "", ClassTemp},
		{cloud.SessionFailed, 83701, "", ClassTemp},
		{cloud.AttachmentRejected, 83702, "", ClassPLMN},
		{cloud.AttachmentRejected, 83703, "", ClassFreeze},
		{cloud.AttachmentRejected, 83704, "", ClassStop},
		{cloud.AttachmentRejected, 83705, "", ClassStop},
		{cloud.AttachmentRejected, 99999, "DIAMETER_ERROR_USER_UNKNOWN (5001)", ClassStop},
		{cloud.AttachmentFailed, 99999, "DIAMETER_ERROR_USER_UNKNOWN (5001)", ClassTemp},
		{cloud.AttachmentRejected, 0, "Diameter error roaming not allowed", ClassPLMN},
		{cloud.AttachmentRejected, 0, "DIAMETER_ERROR_RAT_NOT_ALLOWED", ClassArea},
		{cloud.AttachmentRejected, 90000, "rate-limited", ClassFreeze},
		{cloud.AttachmentRejected, 90000, "5004", ClassTemp},
		{"something.new", 1, "inactive", ClassTemp},
	} {
		if got := ClassOfEvent(test.typ, test.code, test.message); got != test.want {
			t.Errorf("%+v: %s", test, got.Name)
		}
	}
}
