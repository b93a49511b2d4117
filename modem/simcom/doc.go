// Package simcom holds the AT dialects of SIMCom's modules: one row per family, in a file of its name. It is tables
// first; the parsers read what only SIMCom says (+CPSI, *PSUTTZ). It opens no ports and decides nothing.
//
// # Sources
//
// Facts are from SIMCom's AT manuals, named in the comments as
//
//	7600   SIM7500_SIM7600 V3.00                7600U  SIM7100-7500-7600 UART application note V3.00
//	A76    A76XX V1.09                          767    SIM767XX V1.06
//	7080   SIM7070/7080/7090 V1.05              7000   SIM7000 V1.06 (7000HD: hardware design V1.07)
//	800    SIM800 V1.09                         8200   SIM8200 V1.00.01, as quoted by shipping code
//
// and from captured sessions, which stand with their origin in testdata/. What none of them tells is left open: the
// row then asks the module (Ask, a fallback query), so that either answer works.
//
// # Traps of the whole make
//
//   - AT+CREG without a question mark is a command of its own and switches the reports off (7600, A76).
//   - AT+CFUN=0 takes the card down too, and AT+CGDCONT= fails then; radio off is AT+CFUN=4 on every row.
//   - A command sent before the boot banner is dropped without an echo (7600, A76). With autobaud (AT+IPR=0) there is
//     no banner at all on the SIM7000, 7080 and 800, and the first commands are lost: readiness is the first OK. Such a
//     module's restart shows as the <n> of a registration answer that fell back to 0.
//   - The ICCID command, its label and the presence of a label differ between families.
//   - AT+CPSI? has one label and four numeric conventions; see [ParseCPSI].
//
// # To add a family
//
// One Dialect in a file of its own, an entry in Dialects, its captured answers in testdata/<family>.txt, and its
// answers in families_test.go, with which the driver tests run.
package simcom
