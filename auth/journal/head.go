package journal

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Head is how far the journal has come: the last number, and its event's hash. The zero Head is the beginning.
type Head struct {
	Number int64
	Hash   Hash
}

// String is the number, a colon and the hash: what an operator keeps elsewhere to hold the journal against later.
func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Number, h.Hash) }

// ErrNoHead says that a text is no head as Head.String writes it.
var ErrNoHead = errors.New("it is not a number, a colon and a hash of 64 hexadecimal digits")

// ParseHead reads what Head.String has written; the hash may be in capital letters. All else is ErrNoHead.
func ParseHead(text string) (Head, error) {
	digits, hash, found := strings.Cut(text, ":")
	number, err := strconv.ParseInt(digits, 10, 64)
	if !found || err != nil || number < 0 || digits != strconv.FormatInt(number, 10) {
		return Head{}, ErrNoHead
	}
	h := Head{Number: number}
	read, err := hex.DecodeString(hash)
	if err != nil || len(read) != len(h.Hash) {
		return Head{}, ErrNoHead
	}
	h.Hash = Hash(read)
	if number == 0 && h != (Head{}) {
		return Head{}, ErrNoHead // before the first event there is no hash
	}
	return h, nil
}
