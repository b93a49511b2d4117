package modem

import (
	"fmt"
	"strings"
)

// RegLine is one +CREG, +CGREG, +CEREG or +C5GREG line, read to the end.
type RegLine struct {
	Registration
	N         int // <n> of a read answer; Unknown for the unsolicited form, which has none
	CauseType int // 0: Cause is a 3GPP cause; 1: the vendor's own, Reject holds it; Unknown: none given
	Reject    int // <reject_cause> as given; Unknown: none
}

// AnyN tells IsReadAnswer and ParseRegistration that it is not known which <n> the module was set to.
const AnyN = -1

var regDomains = map[string]Domain{"+CREG": CS, "+CGREG": PS, "+CEREG": EPS, "+C5GREG": FGS}

// regNames are the commands of the domains, without AT.
var regNames = [NumDomains]string{CS: "+CREG", PS: "+CGREG", EPS: "+CEREG", FGS: "+C5GREG"}

// IsReadAnswer reports whether a registration line has the form of an answer to AT+CxREG? ("<n>,<stat>…") and not that
// of an unsolicited line ("<stat>…"). The two share their label, and while a question is open both can come.
//
//  1. Nothing but <stat>: unsolicited.
//  2. Two small integers and no more: an answer, because no unsolicited form has exactly two fields.
//  3. A second field that is quoted, or longer than a state can be, is an area code: unsolicited. (Captured with n=2:
//     `+CEREG: 2, 0001, 00000100, 7`, `+CEREG: 2,"B4DC","000AE520",9`.)
//  4. The first integer is the <n> that the module was set to, and a state follows: an answer.
//  5. <n> is not the expected one, but a state and a quoted area follow: an answer with another <n>, from a module
//     that restarted or was set by somebody else.
//
// Unsolicited lines in answer form exist too (`+CREG: 2,5,"0502","0404736D"`, MD400); this function finds their form.
// That nothing was asked is for the caller to know. n may be AnyN.
func IsReadAnswer(line string, n int) bool {
	_, f := splitLine(line)
	return isReadAnswer(f, n)
}

func isReadAnswer(f []field, n int) bool {
	first, ok := at(f, 0).within(0, 5)
	if !ok || f[0].quoted || len(f) < 2 {
		return false
	}
	expected := n == AnyN || first == n
	if allEmpty(f[1:]) {
		return expected && len(f) <= 3 // "+CREG: 2,,": an answer without a state (MM); a long one is a state without a place
	}
	if len(f) == 2 {
		return isStat(f[1], 999)
	}
	return isStat(f[1], int(RegRLOS)) && (expected || f[2].quoted)
}

// isStat: an unquoted integer of a state's size. Three digits, because "001" has been seen.
func isStat(f field, most int) bool {
	_, ok := f.within(0, most)
	return ok && !f.quoted && len(f.text) <= 3
}

// ParseRegistration reads a registration line in either form; n is the value that AT+CxREG=<n> was set to, or AnyN.
//
// Area, cell and causes are found by shape, because firmware inserts a routing area between area and cell (SIM7000,
// SARA-R410 with n=4) or appends it (BG96, UMTS modules), leaves fields empty, and cuts lines anywhere. Values that
// cannot mean a place (area 0 or FFFE, cell 0 or FFFFFFFF; 23.003 §4.1) are left out.
func ParseRegistration(line string, n int) (RegLine, error) {
	label, f := splitLine(line)
	domain, ok := regDomains[label]
	r := RegLine{N: Unknown, CauseType: Unknown, Reject: Unknown}
	r.Domain, r.AcT = domain, Unknown
	if !ok || len(f) == 0 {
		return r, unreadable("registration", line)
	}
	if isReadAnswer(f, n) {
		r.N, _ = f[0].number()
		f = f[1:]
	}
	stat, ok := f[0].within(0, 999)
	switch {
	case f[0].text == "" && r.N != Unknown, ok && stat > int(RegRLOS):
		stat = int(RegUnknown) // 90 (Nordic: card failure) and the like
	case !ok || f[0].quoted:
		return r, unreadable("registration", line)
	}
	r.Stat = RegStat(stat)
	r.setPlace(f[1:])
	return r, nil
}

// setPlace reads what follows <stat>.
//
//	area,cell[,act[,rac]]                                     27.007, UMTS modules
//	area,cell,act[,cause_type,cause[,active,tau]]             27.007 with n = 3, 4, 5
//	area,rac,cell,act[,cause_type,cause[,active,tau]]         SIM7000, R410, LARA-R6
//	area,cell,act,rac,cause_type,cause[,active,tau]           BG96, read, n = 4
//	area,cell,act,nssai_length,nssai[,cause_type,cause]       C5GREG
func (r *RegLine) setPlace(t []field) {
	cell, act, cause := 1, 2, 3
	switch {
	case r.Domain == FGS:
		cause = 5
	case racBeforeCell(t):
		cell, act, cause = 2, 3, 4
	case racAfterAct(t):
		cause = 4
	}
	r.Area = place(at(t, 0), "FFFE")
	r.CellID = place(at(t, cell), "FFFFFFFF")
	if v, ok := at(t, act).within(-1, 99); ok {
		r.AcT = v
	}
	r.setCause(at(t, cause), at(t, cause+1))
}

// racBeforeCell looks for the access technology: at the fourth place instead of the third, something has been
// inserted. When both are empty only the number of fields tells (LARA-R6: 4,5,,,,,,,"00000000","01100000").
func racBeforeCell(t []field) bool {
	switch third, fourth := at(t, 2), at(t, 3); {
	case len(t) < 4, isAcT(third):
		return false
	case third.text != "":
		return isAcT(fourth) || fourth.text == "" && len(t) > 4
	default:
		return fourth.text == "" && len(t)%2 == 0
	}
}

// racAfterAct: a quoted fourth field cannot be a cause type, and an even number of fields leaves no room for a pair
// of cause fields, unless the line was cut between the two timers.
func racAfterAct(t []field) bool {
	cut := len(t) == 6 && t[5].quoted
	return isAcT(at(t, 2)) && len(t) >= 4 && (t[3].quoted || len(t)%2 == 0 && !cut)
}

func isAcT(f field) bool {
	_, ok := f.within(-1, 99)
	return ok && !f.quoted && len(f.text) <= 2
}

func (r *RegLine) setCause(kind, number field) {
	k, okK := kind.within(0, 1)
	n, okN := number.within(1, 255)
	if !okK || !okN {
		return
	}
	r.CauseType, r.Reject = k, n
	if k == 0 {
		r.Cause = Cause{Domain: regCauseDomains[r.Domain], Number: n}
	}
}

// regCauseDomains: which protocol's causes a domain's line carries. 5GMM causes share EMM's numbers and names where
// both have them (24.501 Annex A).
var regCauseDomains = [NumDomains]CauseDomain{CS: MM, PS: GMM, EPS: EMM, FGS: EMM}

// place normalises a hexadecimal area or cell: blanks and 0x removed, no leading zeros, upper case; "" for the values
// that mean nowhere.
func place(f field, nowhere string) string {
	s := strings.ToUpper(strings.ReplaceAll(f.text, " ", ""))
	s = strings.TrimLeft(strings.TrimPrefix(s, "0X"), "0")
	if !isHex(s) || len(s) > 9 || s == nowhere { // the longest is a 36-bit NR cell identity
		return ""
	}
	return s
}

func allEmpty(f []field) bool {
	for _, v := range f {
		if v.text != "" {
			return false
		}
	}
	return true
}

// String prints the line in the standard's form, so that parsing it again gives the same values.
func (r RegLine) String() string {
	var b strings.Builder
	b.WriteString(regNames[r.Domain] + ": ")
	if r.N != Unknown {
		fmt.Fprintf(&b, "%d,", r.N)
	}
	fmt.Fprintf(&b, "%d", int(r.Stat))
	if r.Area == "" && r.CellID == "" && r.AcT == Unknown && r.CauseType == Unknown {
		return b.String()
	}
	// Quoted even when empty: a bare empty area would make an answer look unsolicited.
	fmt.Fprintf(&b, ",%q,%q,", r.Area, r.CellID)
	if r.AcT != Unknown {
		fmt.Fprint(&b, r.AcT)
	}
	if r.CauseType == Unknown {
		return b.String()
	}
	if r.Domain == FGS {
		b.WriteString(",,") // no slices
	}
	fmt.Fprintf(&b, ",%d,%d", r.CauseType, r.Reject)
	return b.String()
}
