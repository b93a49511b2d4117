package ublox

import (
	"time"

	"supersim-agent/modem"
)

// limits: values of shipping code; the vendor's figures could not be had. AT+UPSDA answers OK at once or when it is
// done.
var limits = []modem.Limit{
	{Begins: "AT+CFUN=", Time: 180 * time.Second, Source: "PART, ublox-cellular-rs; UBX allows 30 s for radio off"},
	{Begins: "AT+CFUN?", Time: 8 * time.Second, Source: "ublox-cellular-rs"},
	{Begins: "AT+COPS=", Time: 300 * time.Second, Source: "PART"},
	{Begins: "AT+COPS=?", Time: 1580 * time.Second, Source: "UBX: LTE-M and NB-IoT scans"},
	{Begins: "AT+CGATT=", Time: 180 * time.Second, Source: "ublox-cellular-rs"},
	{Begins: "AT+CGATT?", Time: 10 * time.Second, Source: "ublox-cellular-rs"},
	{Begins: "AT+CGACT=", Time: 150 * time.Second, Source: "ublox-cellular-rs"},
	{Begins: "AT+UPSDA=", Time: 180 * time.Second, Source: "ublox-cellular-rs"},
	{Begins: "AT+CIMI", Time: 10 * time.Second, Source: "PART: takes 3 s and more after a REFRESH"},
	{Begins: "AT+UBANDMASK", Time: 10 * time.Second, Source: "PART"},
	{Begins: "AT+CEMODE?", Time: 24 * time.Second, Source: "PART: seen"},
}
