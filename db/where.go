package db

import (
	"strconv"
	"strings"

	"github.com/fieldward/fieldward/auth"
)

// where is a WHERE clause in the making, out of fragments that this package holds; values become arguments.
type where struct {
	conditions []string
	args       []any
}

// and adds a condition, in which each ? stands for one of the values.
func (w *where) and(condition string, values ...any) {
	for _, v := range values {
		condition = strings.Replace(condition, "?", w.placeholder(v), 1)
	}
	w.conditions = append(w.conditions, condition)
}

// contains adds the condition that the expression contains s, letter by letter.
func (w *where) contains(expression, s string) {
	if !isText(s) {
		w.and(`FALSE`)
		return
	}
	w.and(expression+` LIKE ? ESCAPE '\'`, containing(s))
}

// oneOf adds the condition that the expression is one of the values, where there are any.
func (w *where) oneOf(expression string, values []auth.Action) {
	if len(values) == 1 {
		w.and(expression+` = ?`, values[0]) // of which every engine knows that an index has it in order
		return
	}
	var places []string
	for _, v := range values {
		places = append(places, w.placeholder(v))
	}
	if len(places) > 0 {
		w.and(expression + ` IN (` + strings.Join(places, `, `) + `)`)
	}
}

// page is the query for a page and one item more, in the page's direction, by the keyset id.
func (w *where) page(selection string, p auth.Page) string {
	order := ` ORDER BY id DESC LIMIT `
	if p.Backward {
		order = ` ORDER BY id LIMIT `
	}
	switch {
	case p.Beyond == "":
	case p.Backward:
		w.and(`id > ?`, p.Beyond)
	default:
		w.and(`id < ?`, p.Beyond)
	}
	return selection + w.text() + order + w.placeholder(p.Limit+1)
}

// placeholder adds an argument, and returns what stands for it in the text.
func (w *where) placeholder(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *where) text() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return `WHERE ` + strings.Join(w.conditions, ` AND `)
}
