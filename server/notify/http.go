package notify

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// HTTPClient follows no redirect: a notice goes where it was set up to go.
func HTTPClient() *http.Client {
	return &http.Client{
		Timeout:       sendLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// refusedError is an answer that is not 2xx.
type refusedError struct{ status int }

// Error is the status in words.
func (e refusedError) Error() string {
	return fmt.Sprintf("answer is %d %s", e.status, http.StatusText(e.status))
}

// send makes a request, and takes any answer but 2xx for a failure.
func send(client *http.Client, r *http.Request) error {
	answer, err := client.Do(r)
	if err != nil {
		return hidden("send a notice", err)
	}
	return finish(answer)
}

func finish(answer *http.Response) error {
	defer answer.Body.Close() //nolint:errcheck // nothing of it is needed
	const enough = 4 << 10    // for the connection to be used again
	_, _ = io.CopyN(io.Discard, answer.Body, enough)
	if answer.StatusCode/100 != 2 {
		return refusedError{answer.StatusCode}
	}
	return nil
}

// hidden says what failed without the address, which is as good as a password: whoever knows it can call.
func hidden(task string, err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return fmt.Errorf("%s: %w", task, err)
}
