package cli

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// Proxies are the networks of --trusted-proxy. Validate has found that they are networks.
func (s ServeSettings) Proxies() []netip.Prefix {
	networks := make([]netip.Prefix, 0, len(s.TrustedProxies))
	for _, text := range s.TrustedProxies {
		if network, err := parseNetwork(text); err == nil {
			networks = append(networks, network)
		}
	}
	return networks
}

func parseNetwork(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return netip.Prefix{}, errors.New("is no address such as 10.1.2.3")
		}
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return netip.Prefix{}, errors.New("is no network such as 10.0.0.0/8")
	case network.Addr().Is4In6():
		return netip.Prefix{}, errors.New("is written as an IPv6 network of IPv4 addresses: write it as IPv4")
	case network.Bits() == 0:
		return netip.Prefix{}, errors.New("is every address there is: anyone could say where they come from")
	case network != network.Masked():
		return netip.Prefix{}, fmt.Errorf("is an address within a network: %s", network.Masked())
	default:
		return network, nil
	}
}

func (s ServeSettings) validateProxies() error {
	var problems []error
	for _, text := range s.TrustedProxies {
		if _, err := parseNetwork(text); err != nil {
			problems = append(problems, fmt.Errorf("--trusted-proxy: %q %w", text, err))
		}
	}
	return errors.Join(problems...)
}

// UsesTLS tells that the server itself ends TLS.
func (s ServeSettings) UsesTLS() bool { return s.TLSCert != "" }

func (s ServeSettings) validateTLS() error {
	switch {
	case (s.TLSCert == "") != (s.TLSKey == ""):
		return errors.New("--tls-cert, --tls-key: one is nothing without the other")
	case s.TLSCert == "":
		return nil
	}
	if _, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey); err != nil {
		return fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	if s.PlainIssuer() {
		return fmt.Errorf("--issuer: %s is not https, and the server is asked by TLS", s.Issuer)
	}
	return nil
}

// Doubts are settings that are taken all the same, and are likely not what was meant.
func (s ServeSettings) Doubts() []string {
	var doubts []string
	host, _, _ := net.SplitHostPort(s.Listen)
	issuer, err := url.Parse(s.Issuer)
	if err == nil && isLoopback(issuer.Hostname()) && !isLoopback(host) {
		doubts = append(doubts, fmt.Sprintf("--issuer %s is this machine's own address, and --listen %s is reached from others: "+
			"set --issuer to the address that they ask", s.Issuer, s.Listen))
	}
	if s.DocumentsOnly && s.GraphiQL {
		doubts = append(doubts, "--graphiql: the page has nothing to ask where --documents-only lets nothing else run")
	}
	return doubts
}
