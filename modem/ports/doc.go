// Package ports finds the serial ports of cellular modules by reading sysfs, and says what each is for, who holds it,
// and which one the agent would use. It opens no port and sends nothing: a port in use would be disturbed, and merely
// opening a ttyS re-programs it. Whether a modem really answers is for the caller to try.
//
//   - [Scan] lists the ports: every tty of a USB device or of a UART that exists, and the network interfaces of modules.
//   - The role of a USB interface comes from one table, [Devices], by VID:PID and bInterfaceNumber. ttyUSB numbers move
//     from boot to boot and mean nothing.
//   - A UART is known by its device-tree alias (serial0 is the one that Raspberry Pi OS offers to programs).
//   - [Choose] says which ports are to be tried, in which order, and why. It is pure.
//   - [Rotation] says what the next attempt is, a port and a speed, after those before it have failed. It is pure.
//
// # Adding a module
//
// One row in [Devices]: VID and PID as lsusb prints them, what the modules are called, and the role of every interface,
// from the vendor's USB driver guide or ModemManager's port rules; Source names it. If its layout is one of those above
// the table, use that. The test lists rows that break a rule (no AT port, doubled numbers).
package ports
