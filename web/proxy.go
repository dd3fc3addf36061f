package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
)

// proxies know where a request comes from.
type proxies struct {
	trusted []netip.Prefix
	warned  atomic.Bool
	log     *slog.Logger
}

const forwardedFor = "X-Forwarded-For"

// address is the client's: the peer's, or, where that is a proxy that is trusted, the last in X-Forwarded-For that is
// none. What stands further left anyone may have written. It is not known where a trusted proxy says something that is
// no address, and where a peer on a network of our own forwards that nobody has called a proxy: its address is not the
// client's, and limits by address would be one limit for all.
func (p *proxies) address(r *http.Request) (address netip.Addr, known bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	address = peer.Addr().Unmap().WithZone("")
	header := strings.Join(r.Header.Values(forwardedFor), ",")
	switch {
	case header == "":
		return address, true
	case p.trusts(address):
		return p.forwarded(header)
	case address.IsLoopback() || address.IsPrivate() || address.IsLinkLocalUnicast():
		if p.warned.CompareAndSwap(false, true) {
			p.log.WarnContext(r.Context(), "a peer forwards requests and is no --trusted-proxy: limits by address are off for what it forwards",
				"peer", address.String())
		}
		return netip.Addr{}, false
	default:
		return address, true // whoever asks from outside may write what they like
	}
}

func (p *proxies) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(p.trusted, func(network netip.Prefix) bool { return network.Contains(a) })
}

// forwarded reads the header from its right.
func (p *proxies) forwarded(header string) (address netip.Addr, known bool) {
	hops := strings.Split(header, ",")
	for _, hop := range slices.Backward(hops) {
		if address, known = hopAddress(strings.TrimSpace(hop)); !known || !p.trusts(address) {
			return address, known
		}
	}
	return address, known
}

// hopAddress reads an address as proxies write it: with a port or without.
func hopAddress(hop string) (netip.Addr, bool) {
	if withPort, err := netip.ParseAddrPort(hop); err == nil {
		return withPort.Addr().Unmap().WithZone(""), true
	}
	address, err := netip.ParseAddr(strings.Trim(hop, "[]"))
	return address.Unmap().WithZone(""), err == nil
}
