package modem

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
)

// Commands of AT+CRSM (27.007 §8.18) and the files read by them (31.102 §4.2).
const (
	crsmRead   = 176 // READ BINARY
	crsmUpdate = 214 // UPDATE BINARY
	crsmStatus = 192 // GET RESPONSE: the file's header or, on a USIM, its control parameters

	efFPLMN  = 28539 // 6F7B, three bytes each
	efUPLMN  = 28512 // 6F60, EF_PLMNwAcT, five bytes each
	simFPLMN = 12    // its length on a SIM (51.011 §10.3.16), when the card does not tell
)

// chunk is the most that one command reads or writes; 255 is the protocol's limit, and 250 divides by five.
const chunk = 250

// CardError is a card's refusal of AT+CRSM, which the module reports with OK.
type CardError struct {
	File, SW1, SW2 int
}

func (e *CardError) Error() string {
	return fmt.Sprintf("card file %04X: status %02X%02X%s", e.File, e.SW1, e.SW2, e.meaning())
}

func (e *CardError) meaning() string {
	switch {
	case e.SW1 == 0x69 && e.SW2 == 0x82:
		return ", access not allowed"
	case e.SW1 == 0x6A && e.SW2 == 0x82, e.SW1 == 0x94:
		return ", no such file"
	case e.SW1 == 0x67, e.SW1 == 0x6C:
		return ", wrong length"
	}
	return ""
}

// Unwrap is ErrPINRequired where the card wants authorisation, ErrNotSupported where it has no such file.
func (e *CardError) Unwrap() error {
	switch {
	case e.SW1 == 0x69 && e.SW2 == 0x82:
		return ErrPINRequired
	case e.SW1 == 0x6A && e.SW2 == 0x82, e.SW1 == 0x94:
		return ErrNotSupported
	}
	return nil
}

// crsm sends one card command. A refusal by the card is a *CardError beside the status.
func (d *Driver) crsm(ctx context.Context, command, file, offset, length int, data []byte) (CRSM, error) {
	text := fmt.Sprintf("AT+CRSM=%d,%d,%d,%d,%d", command, file, offset>>8, offset&0xFF, length)
	if data != nil {
		text += `,"` + strings.ToUpper(hex.EncodeToString(data)) + `"`
	}
	lines, err := d.ask(ctx, text, "+CRSM")
	if err != nil {
		return CRSM{}, err
	}
	if len(lines) == 0 {
		return CRSM{}, unreadable("AT+CRSM", "")
	}
	c, err := ParseCRSM(lines[0])
	if err == nil && !c.OK() {
		err = &CardError{File: file, SW1: c.SW1, SW2: c.SW2}
	}
	return c, err
}

// fileSize asks for a file's length; 0 when the card or the module does not tell, which is no error.
func (d *Driver) fileSize(ctx context.Context, file int) (int, error) {
	const simHeader = 15 // bytes of a SIM's answer (51.011 §9.2.1)
	for length, tries := simHeader, 0; tries < 2; tries++ {
		c, err := d.crsm(ctx, crsmStatus, file, 0, length, nil)
		switch {
		case err != nil && c.SW1 == 0x6C: // the card names the length that it wants
			length = c.SW2
			continue
		case err != nil && (c.SW1 != 0 || skippable(err)):
			return 0, nil
		case err != nil:
			return 0, err
		}
		size, whole := FileSize(c.Data)
		if whole <= len(c.Data) || size > 0 {
			return size, nil
		}
		length = whole
	}
	return 0, nil
}

// FileSize finds a file's length in the answer to GET RESPONSE: tag 80 of a USIM's control parameters (102.221
// §11.1.1.3), or bytes 3 and 4 of a SIM's header (51.011 §9.2.1). It is 0 when it is not there; whole is how long the
// answer would be uncut.
func FileSize(answer []byte) (size, whole int) {
	if len(answer) < 4 {
		return 0, 0
	}
	if answer[0] != 0x62 {
		return int(answer[2])<<8 | int(answer[3]), len(answer)
	}
	whole = 2 + int(answer[1])
	for rest := answer[2:]; len(rest) >= 2; {
		tag, n := rest[0], int(rest[1])
		if n > len(rest)-2 {
			break
		}
		if tag == 0x80 && n == 2 {
			return int(rest[2])<<8 | int(rest[3]), whole
		}
		rest = rest[2+n:]
	}
	return 0, whole
}

// readFile reads a whole file of fixed-size entries. A file whose length is not told is read in the usual length.
func (d *Driver) readFile(ctx context.Context, file, usual int) ([]byte, error) {
	size, err := d.fileSize(ctx, file)
	if err != nil {
		return nil, err
	}
	if size == 0 {
		size = usual
	}
	var all []byte
	for len(all) < size {
		c, err := d.crsm(ctx, crsmRead, file, len(all), min(chunk, size-len(all)), nil)
		if err != nil && c.SW1 == 0x6C && len(all) == 0 && c.SW2 > 0 && c.SW2 < size {
			size = c.SW2 // shorter than it was thought to be
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(c.Data) == 0 {
			return all, nil
		}
		all = append(all, c.Data...)
	}
	return all, nil
}

func (d *Driver) writeFile(ctx context.Context, file int, data []byte) error {
	for offset := 0; offset < len(data); offset += chunk {
		part := data[offset:min(offset+chunk, len(data))]
		if _, err := d.crsm(ctx, crsmUpdate, file, offset, len(part), part); err != nil {
			return err
		}
	}
	return nil
}
