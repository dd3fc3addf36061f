package auth

import "net/netip"

// The part of an address that tells one network from another: what one customer is given, or one office shares.
const (
	networkBits4 = 24
	networkBits6 = 56
)

// Network is the network of the client's address, as a prefix: the /24 of an IPv4 address, mapped into IPv6 or not,
// and the /56 of an IPv6 address. It is empty where the address is not known.
func (c Client) Network() string {
	if c.IPAddress == nil {
		return ""
	}
	ip, err := netip.ParseAddr(*c.IPAddress)
	if err != nil {
		return ""
	}
	bits := networkBits6
	if ip = ip.Unmap(); ip.Is4() {
		bits = networkBits4
	}
	prefix, err := ip.WithZone("").Prefix(bits)
	if err != nil {
		return ""
	}
	return prefix.String()
}
