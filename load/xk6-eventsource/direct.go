package eventsource

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"time"

	"go.k6.io/k6/v2/lib"
)

// headBytes is what a connection may read ahead of the parser.
const headBytes = 512

// direct speaks HTTP/1.1 on a connection of its own for each request, in the goroutine of whoever reads the answer. Go's own
// transport runs two more for each connection: 5,000 streams under load took 47 KiB each with it and 26 like this, and a
// quarter more processor time.
type direct struct {
	dialer lib.DialContexter
}

// RoundTrip opens a connection, sends the request and reads the head of the answer. The end of the request's context
// closes the connection, and so does closing the body.
func (d direct) RoundTrip(request *http.Request) (*http.Response, error) {
	conn, err := d.dialer.DialContext(request.Context(), "tcp", addressOf(request))
	if err != nil {
		return nil, err
	}
	kept := context.AfterFunc(request.Context(), func() { _ = conn.Close() })
	response, err := exchange(conn, request)
	if err != nil {
		kept()
		_ = conn.Close()
		return nil, err
	}
	response.Body = &directBody{ReadCloser: response.Body, conn: conn, kept: kept}
	return response, nil
}

func exchange(conn net.Conn, request *http.Request) (*http.Response, error) {
	if err := conn.SetDeadline(time.Now().Add(headersWithin)); err != nil {
		return nil, err
	}
	if err := request.Write(conn); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(bufio.NewReaderSize(conn, headBytes), request)
	if err != nil {
		return nil, err
	}
	return response, conn.SetDeadline(time.Time{})
}

func addressOf(request *http.Request) string {
	if request.URL.Port() != "" {
		return request.URL.Host
	}
	return net.JoinHostPort(request.URL.Hostname(), "80")
}

// directBody closes its connection with itself. The rest of a body is of no use to anybody.
type directBody struct {
	io.ReadCloser
	conn net.Conn
	kept func() bool
}

func (b *directBody) Close() error {
	b.kept()
	return b.conn.Close()
}
