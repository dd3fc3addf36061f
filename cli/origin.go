package cli

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// PlainIssuer reports whether the server is asked without TLS, which Validate lets it be on a loopback address alone.
func (s ServeSettings) PlainIssuer() bool { return !strings.HasPrefix(s.Issuer, "https://") }

func validateOrigins(origins []string) error {
	var problems []error
	for _, o := range origins {
		if err := validateOrigin(o); err != nil {
			problems = append(problems, fmt.Errorf("--allowed-origin: %q %w", o, err))
		}
	}
	return errors.Join(problems...)
}

// validateOrigin lets an origin through that a browser could send, in the one spelling that it would have (RFC 6454,
// section 6.2): what is spelled otherwise would open nothing, and what stands for several more than was meant.
func validateOrigin(origin string) error {
	if strings.Contains(origin, "*") {
		return errors.New("stands for more than one origin: name each")
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" || !slices.Contains([]string{"http", "https"}, u.Scheme) || !isHost(u.Hostname()) {
		return errors.New("is not an origin such as https://app.example.com")
	}
	if spelled := spelledOrigin(u); spelled != origin {
		return fmt.Errorf("is not how a browser writes it: %s", spelled)
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return errors.New("is neither https nor a loopback address: its pages could be changed on the way")
	}
	return nil
}

// spelledOrigin is the origin of an address as a browser writes it.
func spelledOrigin(u *url.URL) string {
	scheme, host := u.Scheme, strings.ToLower(u.Hostname())
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
		host = "[" + ip.String() + "]"
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 || scheme == "https" && port == 443 || scheme == "http" && port == 80 {
		return scheme + "://" + host
	}
	return scheme + "://" + host + ":" + strconv.FormatUint(port, 10)
}

// isHost reports whether it is an address, or a name in ASCII, as browsers write it (xn--…). What ends in a number is no
// name to them.
func isHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Zone() == ""
	}
	const digits, letters = "0123456789", "abcdefghijklmnopqrstuvwxyz-_"
	labels := strings.Split(strings.ToLower(host), ".")
	for _, label := range labels {
		if label == "" || strings.Trim(label, digits+letters) != "" {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], digits) != ""
}
