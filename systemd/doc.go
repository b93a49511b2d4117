// Package systemd has no code. The folder holds what a device with systemd needs besides the binary: the service unit,
// its user (sysusers.d), folders (tmpfiles.d), drivers (modules-load.d), device rules (udev) and a first configuration.
// scripts/install puts them in place; the tests here check them with systemd's own tools.
package systemd
