package graphiql_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for the page to show something.
const patience = time.Minute

// browser is a Chromium with one page open. It notes what the page asks for and complains of.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	urls       []string
	complaints []string
}

// open starts a browser with an empty profile and opens the address.
func open(t *testing.T, url string) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, // which root cannot have
		chromedp.DisableGPU,
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1280, 800),
	)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	b := &browser{t: t}
	b.ctx, stop = chromedp.NewContext(allocator, chromedp.WithListener(b.note))
	t.Cleanup(stop)
	b.do(enable(audits.Enable, cdp.Empty{}), enable(network.Enable, network.EnableParams{}))
	b.do(chromedp.Navigate(url))
	return b
}

// chromium finds the browser. A test of the page without one would say nothing, so it fails.
func chromium(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("chromium"); err == nil {
		return path
	}
	if path := os.Getenv("FIELDWARD_TEST_CHROMIUM"); path != "" {
		return path
	}
	t.Fatal("no chromium on PATH: apt-get install chromium, or set FIELDWARD_TEST_CHROMIUM to a Chromium or Chrome")
	return ""
}

func enable[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

// note is called for each event of the page, one at a time.
func (b *browser) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.urls = append(b.urls, e.Request.URL)
	case *network.EventWebSocketCreated:
		b.urls = append(b.urls, e.URL)
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, "exception: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			b.complaints = append(b.complaints, "console: "+textOfArguments(e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.complaints = append(b.complaints, "log: "+e.Entry.Text)
		}
	case *audits.EventIssueAdded:
		if csp := e.Issue.Details.ContentSecurityPolicyIssueDetails; csp != nil {
			b.complaints = append(b.complaints, "policy: "+csp.ViolatedDirective+" "+csp.BlockedURL)
		}
	}
}

func textOfArguments(arguments []*runtime.RemoteObject) string {
	var text []string
	for _, a := range arguments {
		text = append(text, string(a.Value)+a.Description)
	}
	return strings.Join(text, " ")
}

// said is what the browser complained of so far, each on a line.
func (b *browser) said() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.complaints, "\n")
}

// requests are the addresses that the page asked for so far.
func (b *browser) requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.urls...)
}

// do runs the steps, and gives up when the page does not let it.
func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx); err != nil { // starts the browser, which lives as long as this context
		b.t.Fatalf("start chromium: %v", err)
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v; the browser said: %s", err, b.said())
	}
}

// holds evaluates an expression in the page.
func (b *browser) holds(expression string) bool {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
	if err != nil {
		b.t.Fatalf("evaluate %s: %v", expression, err)
	}
	return holds
}
