package eventsource

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAStream(t *testing.T) {
	t.Run("hands events to the listeners of their type, with id, origin and the time of the read", func(t *testing.T) {
		r := newRig(t)
		server := serve(t, func(s *stream) {
			s.send("id: 7\ndata: one\ndata: two\n\n", "event: tick\ndata: 3\n\n")
			s.hang()
		})
		began := milliseconds(time.Now())

		err := r.run(server.script(`
			const source = new EventSource(URL)
			note('state ' + source.readyState + ' ' + source.url)
			source.onopen = e => note('open ' + source.readyState + ' ' + e.origin)
			source.onmessage = e => note([e.type, e.data, e.lastEventId, e.receivedAtMs, this === undefined].join('|'))
			source.addEventListener('tick', function (e) {
				note([e.type, e.data, e.lastEventId, this === source].join('|'))
				source.close()
				note('state ' + source.readyState)
			})`))

		require.NoError(t, err)
		noted := r.noted()
		require.Len(t, noted, 5)
		assert.Equal(t, "state 0 "+server.URL, noted[0])
		assert.Equal(t, "open 1 "+server.URL, noted[1])
		assert.Regexp(t, `^message\|one\ntwo\|7\|[0-9.]+\|`, noted[2])
		assert.Equal(t, "tick|3|7|true", noted[3])
		assert.Equal(t, "state 2", noted[4])
		var at float64
		_, _ = fmt.Sscanf(strings.Split(noted[2], "|")[3], "%f", &at)
		assert.InDelta(t, began, at, 10_000)
		assert.GreaterOrEqual(t, at, began-1)
		assert.InDelta(t, 2, r.sum("sse_events", ""), 0)
		assert.InDelta(t, 1, r.sum("sse_opened", ""), 0)
		assert.InDelta(t, 1, r.sum("sse_closed", "reason=script"), 0)
	})

	t.Run("asks for a stream as the standard says, and for no compression", func(t *testing.T) {
		r := newRig(t)
		server := serve(t, func(s *stream) { s.send("data: x\n\n"); s.hang() })

		err := r.run(server.script(`
			const source = new EventSource(URL, { headers: { 'X-Trace': 'a', Authorization: 'Bearer b' }, lastEventId: '5-0' })
			source.onmessage = () => source.close()`))

		require.NoError(t, err)
		headers := server.call(1).Header
		assert.Equal(t, []string{"text/event-stream", "no-store", "5-0", "a", "Bearer b", ""}, []string{
			headers.Get("Accept"), headers.Get("Cache-Control"), headers.Get("Last-Event-ID"), headers.Get("X-Trace"),
			headers.Get("Authorization"), headers.Get("Accept-Encoding"),
		})
	})

	t.Run("counts heartbeats, comments and gaps apart from events", func(t *testing.T) {
		r := newRig(t)
		server := serve(t, func(s *stream) {
			s.send("event: hello\ndata: {}\n\n", "event: heartbeat\ndata:\n\n:\n\n", "event: gap\ndata: {}\n\ndata: x\n\n")
			s.hang()
		})

		err := r.run(server.script(`
			const source = new EventSource(URL)
			source.addEventListener('heartbeat', e => note('heartbeat [' + e.data + ']'))
			source.onmessage = () => source.close()`))

		require.NoError(t, err)
		assert.Equal(t, []string{"heartbeat []"}, r.noted())
		assert.Equal(t, []float64{1, 2, 1}, []float64{r.sum("sse_events", ""), r.sum("sse_heartbeats", ""), r.sum("sse_gaps", "")})
	})

	t.Run("over TLS speaks HTTP/2, and several share a connection", func(t *testing.T) {
		r := newRig(t)
		server := serveWith(t, func(w http.ResponseWriter, s *stream) {
			w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
			s.send(fmt.Sprintf("data: %s %v\n\n", s.request.Proto, s.request.RemoteAddr))
			s.hang()
		}, func(server *httptest.Server) {
			server.EnableHTTP2 = true
			server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
			server.StartTLS()
		})

		err := r.run(server.script(`
			const seen = []
			const sources = [1, 2, 3].map(() => new EventSource(URL))
			for (const source of sources) source.onmessage = e => {
				seen.push(e.data)
				if (seen.length < 3) return
				note(String(new Set(seen).size))
				note(seen[0].split(' ')[0])
				for (const each of sources) each.close()
			}`))

		require.NoError(t, err)
		assert.Equal(t, []string{"1", "HTTP/2.0"}, r.noted())
	})

	t.Run("follows redirects, keeps its headers, and its origin is where it arrived", func(t *testing.T) {
		for _, status := range []int{301, 302, 303, 307, 308} {
			r := newRig(t)
			server := serveWith(t, func(w http.ResponseWriter, s *stream) {
				if s.request.URL.Path == "/" {
					http.Redirect(w, s.request, "/there", status)
					return
				}
				w.Header().Set("Content-Type", "text/event-stream")
				s.send("data: " + s.request.URL.Path + " " + s.request.Header.Get("Accept") + "\n\n")
				s.hang()
			}, func(server *httptest.Server) { server.Start() })

			err := r.run(server.script(`
				const source = new EventSource(URL + '/')
				source.onmessage = e => { note(e.data); source.close() }`))

			require.NoError(t, err)
			assert.Equal(t, []string{"/there text/event-stream"}, r.noted(), status)
		}
	})
}

func TestAStreamComesBack(t *testing.T) {
	t.Run("after an end and after a cut, with its last id and after the time that the server said", func(t *testing.T) {
		r := newRig(t)
		server := serve(t, func(s *stream) {
			switch s.number {
			case 1:
				// Long enough that the script hears of the end before the next call.
				s.send("retry: 200\nid: 1\ndata: first\n\n")
			case 2:
				s.send("data: second, without an id\n\nid: 9\ndata: cut off, and so is its id\n")
				s.cut()
			case 3:
				s.send("data: third\n\n")
				s.hang()
			}
		})

		err := r.run(server.script(`
			const source = new EventSource(URL)
			source.onerror = e => note('error ' + source.readyState + ' ' + e.status)
			source.onmessage = e => { note(e.data + ' ' + e.lastEventId); if (e.data === 'third') source.close() }`))

		require.NoError(t, err)
		assert.Equal(t, []string{"first 1", "error 0 0", "second, without an id 1", "error 0 0", "third 1"}, r.noted())
		assert.Equal(t, []string{"", "1", "1"}, []string{
			server.call(1).Header.Get("Last-Event-ID"), server.call(2).Header.Get("Last-Event-ID"), server.call(3).Header.Get("Last-Event-ID"),
		})
		assert.Equal(t, []float64{2, 1, 1, 1}, []float64{
			r.sum("sse_reconnects", ""), r.sum("sse_opened", ""), r.sum("sse_cut", "how=end"), r.sum("sse_cut", "how=cut"),
		})
	})

	t.Run("after an answer that says only later, without a blank line", func(t *testing.T) {
		r := newRig(t)
		server := serve(t, func(s *stream) {
			if s.number == 1 {
				s.send("retry: 3\n")
				return
			}
			s.send("data: now\n\n")
			s.hang()
		})

		err := r.run(server.script(`
			const source = new EventSource(URL)
			source.onmessage = e => { note(e.data); source.close() }`))

		require.NoError(t, err)
		assert.Equal(t, []string{"now"}, r.noted())
	})

	t.Run("when nobody listened, as soon as somebody does", func(t *testing.T) {
		r := newRig(t)
		server := serve(t, func(s *stream) { s.send("data: x\n\n"); s.hang() })
		state := r.runtime.VU.State()
		state.Dialer = &refusingDialer{dialer: state.Dialer, times: 2}

		err := r.run(server.script(`
			const source = new EventSource(URL)
			source.onerror = e => note(e.message.includes('stopped by the test') + ' ' + source.readyState)
			source.onmessage = e => { note(e.data); source.close() }`))

		require.NoError(t, err)
		assert.Equal(t, []string{"true 0", "true 0", "x"}, r.noted())
	})
}

func TestAStreamIsClosedForGood(t *testing.T) {
	for _, each := range []struct {
		name, typ string
		status    int
	}{
		{"by 204", "text/event-stream", 204},
		{"by 404", "text/event-stream", 404},
		{"by 500", "text/event-stream", 500},
		{"by 503", "text/event-stream", 503},
		{"by another type", "text/html", 200},
		{"by no type", "", 200},
		{"by a type that only begins like it", "text/event-streams", 200},
	} {
		t.Run(each.name, func(t *testing.T) {
			r := newRig(t)
			server := serveWith(t, func(w http.ResponseWriter, _ *stream) {
				w.Header()["Content-Type"] = nil
				if each.typ != "" {
					w.Header().Set("Content-Type", each.typ)
				}
				w.WriteHeader(each.status)
			}, func(server *httptest.Server) { server.Start() })

			err := r.run(server.script(`
				const source = new EventSource(URL)
				source.onopen = () => note('open')
				source.onerror = e => note([e.type, e.status, source.readyState, e.message !== ''].join(' '))`))

			require.NoError(t, err)
			assert.Equal(t, []string{fmt.Sprintf("error %d 2 true", each.status)}, r.noted())
			assert.Equal(t, 1, server.count())
			assert.InDelta(t, 1, r.sum("sse_closed", "reason=fatal"), 0)
		})
	}

	t.Run("by a line without end, before it fills the memory", func(t *testing.T) {
		r := newRig(t)
		server := serve(t, func(s *stream) {
			for s.request.Context().Err() == nil {
				s.send("data: " + strings.Repeat("x", 1<<20))
			}
		})

		err := r.run(server.script(`
			const source = new EventSource(URL)
			source.onerror = e => note(source.readyState + ' ' + e.message)`))

		require.NoError(t, err)
		assert.Equal(t, []string{"2 " + errEventTooLarge.Error()}, r.noted())
	})

	t.Run("by the end of the iteration, also with a thousand streams open", func(t *testing.T) {
		r := newRig(t)
		server := serve(t, func(s *stream) { s.send("data: x\n\n"); s.hang() })
		ended := r.start(server.script(`for (let i = 0; i < 1000; i++) new EventSource(URL)`))
		r.until("all streams to be open", func() bool { return r.root.streams.Load() == 1000 })

		r.endIteration()

		select {
		case <-ended:
		case <-time.After(patience):
			t.Fatal("the iteration does not end")
		}
		r.until("every stream to be counted", func() bool { return r.sum("sse_closed", "reason=iteration") == 1000 })
		assert.Zero(t, r.root.streams.Load())
	})
}

func TestTheEventLoop(t *testing.T) {
	t.Run("goes on when a handler closes its stream and opens another, twenty times", func(t *testing.T) {
		r := newRig(t)
		server := serve(t, func(s *stream) { s.send("data: x\n\n"); s.hang() })

		err := r.run(server.script(`
			let rounds = 0
			const open = () => {
				const source = new EventSource(URL)
				source.onmessage = () => { source.close(); if (++rounds < 20) open(); else note('done') }
			}
			open()`))

		require.NoError(t, err)
		assert.Equal(t, []string{"done"}, r.noted())
		assert.Equal(t, 20, server.count())
	})

	t.Run("ends at once when a stream is closed in the turn that opened it", func(t *testing.T) {
		r := newRig(t)
		server := serve(t, func(s *stream) { s.hang() })

		err := r.run(server.script(`const source = new EventSource(URL); source.onopen = () => note('open'); source.close(); note('closed')`))

		require.NoError(t, err)
		assert.Equal(t, []string{"closed"}, r.noted())
	})

	t.Run("takes the next iteration after one that has ended", func(t *testing.T) {
		r := newRig(t)
		server := serve(t, func(s *stream) { s.send("data: x\n\n"); s.hang() })
		script := server.script(`{ const source = new EventSource(URL); source.onmessage = e => { note(e.data); source.close() } }`)

		for range 3 {
			require.NoError(t, r.run(script))
		}

		assert.Equal(t, []string{"x", "x", "x"}, r.noted())
	})

	t.Run("a handler that throws ends the iteration with its error, every stream, and is counted", func(t *testing.T) {
		r := newRig(t)
		server := serve(t, func(s *stream) {
			for s.request.Context().Err() == nil {
				s.send("data: x\n\n")
			}
		})

		err := r.run(server.script(`
			for (let i = 0; i < 20; i++) new EventSource(URL).onmessage = () => {}
			new EventSource(URL).onmessage = () => { throw new Error('no more') }`))

		require.ErrorContains(t, err, "no more")
		assert.InDelta(t, 1, r.sum("sse_handler_errors", ""), 0)
		r.until("every stream to be gone", func() bool { return r.sum("sse_closed", "") == 21 })
	})

	for name, script := range map[string]string{
		"after it opened another stream": `new EventSource(URL).onmessage = () => { new EventSource(URL); throw new Error('no more') }`,
		"after it closed the last stream": `const source = new EventSource(URL)
			source.onmessage = () => { source.close(); throw new Error('no more') }`,
		"at the error that ended the last stream for good": `new EventSource(URL + '/500').onerror = () => { throw new Error('no more') }`,
	} {
		t.Run("a handler that throws is counted, and nothing hangs, "+name, func(t *testing.T) {
			r := newRig(t)
			server := serveWith(t, func(w http.ResponseWriter, s *stream) {
				if s.request.URL.Path == "/500" {
					w.WriteHeader(500)
					return
				}
				w.Header().Set("Content-Type", "text/event-stream")
				s.send("data: x\n\n")
				s.hang()
			}, func(server *httptest.Server) { server.Start() })

			err := r.run(server.script(script))

			require.ErrorContains(t, err, "no more")
			assert.InDelta(t, 1, r.sum("sse_handler_errors", ""), 0)
		})
	}

	t.Run("nothing is dispatched after close(), not even the error that was queued before it", func(t *testing.T) {
		r := newRig(t)
		ended := make(chan struct{})
		server := serve(t, func(s *stream) {
			if s.request.URL.Path == "/wait" {
				<-ended
				s.send("data: x\n\n")
				s.hang()
			}
			s.send("data: x\n\ndata: y\n\n")
		})
		require.NoError(t, r.runtime.VU.Runtime().Set("waitForTheError", func() {
			r.until("the end of the stream to be queued", func() bool {
				queue := r.queueOf()
				queue.mu.Lock()
				defer queue.mu.Unlock()
				return len(queue.tasks) > 0
			})
			close(ended)
		}))

		err := r.run(server.script(`
			const source = new EventSource(URL), other = new EventSource(URL + '/wait')
			source.onmessage = e => { note(e.data); waitForTheError(); source.close() }
			source.onerror = () => note('error')
			other.onmessage = () => { note('later'); other.close() }`))

		require.NoError(t, err)
		assert.Equal(t, []string{"x", "later"}, r.noted())
	})

	t.Run("a listener that was removed, or added twice, is called as often as the standard says", func(t *testing.T) {
		r := newRig(t)
		server := serve(t, func(s *stream) { s.send("data: x\n\nevent: end\ndata:\n\n"); s.hang() })

		err := r.run(server.script(`
			const source = new EventSource(URL)
			const twice = () => note('twice'), never = () => note('never')
			source.addEventListener('message', twice)
			source.addEventListener('message', twice)
			source.addEventListener('message', never)
			source.removeEventListener('message', never)
			source.onmessage = () => note('attribute')
			source.onmessage = null
			note(String(source.onmessage))
			source.addEventListener('end', () => source.close())`))

		require.NoError(t, err)
		assert.Equal(t, []string{"null", "twice"}, r.noted())
	})

	t.Run("is not buried by readers: past the bound they wait, and nothing is lost", func(t *testing.T) {
		r := newRig(t)
		const events = 30_000
		server := serve(t, func(s *stream) {
			for sent := 0; sent < events; sent += 100 {
				s.send(strings.Repeat("data: x\n\n", 100))
			}
			s.hang()
		})
		most := 0
		require.NoError(t, r.runtime.VU.Runtime().Set("waiting", func() {
			if queue := r.queueOf(); queue != nil {
				queue.mu.Lock()
				most = max(most, len(queue.tasks))
				queue.mu.Unlock()
			}
		}))

		err := r.run(server.script(fmt.Sprintf(`
			let seen = 0
			const source = new EventSource(URL)
			source.onmessage = () => { seen++; waiting(); if (seen === %d) { note(String(seen)); source.close() } }`, events)))

		require.NoError(t, err)
		assert.Equal(t, []string{fmt.Sprint(events)}, r.noted())
		assert.LessOrEqual(t, most, waitingMax)
	})
}

func TestTheClasses(t *testing.T) {
	t.Run("are the same each time that a script names them", func(t *testing.T) {
		r := newRig(t)

		first, second := r.instance.Exports().Named, r.instance.Exports().Named

		assert.Same(t, first["EventSource"], second["EventSource"])
		assert.Same(t, first["Ledger"], second["Ledger"])
	})

	t.Run("have the constants of the standard, and their members on the prototype", func(t *testing.T) {
		r := newRig(t)
		server := serve(t, func(s *stream) { s.hang() })

		err := r.run(server.script(`
			const source = new EventSource(URL)
			note([EventSource.CONNECTING, EventSource.OPEN, EventSource.CLOSED, source.CLOSED].join(' '))
			note(String(source instanceof EventSource) + ' ' + Object.keys(source).length)
			source.close()`))

		require.NoError(t, err)
		assert.Equal(t, []string{"0 1 2 2", "true 0"}, r.noted())
	})
}

func TestBadArguments(t *testing.T) {
	for _, each := range []struct{ script, says string }{
		{`new EventSource('events')`, `url must be absolute, http or https (got "events")`},
		{`new EventSource('ftp://x/')`, `url must be absolute, http or https`},
		{`new EventSource(URL, { header: {} })`, `have no field header; there are: headers, tags, lastEventId, ledger`},
		{`new EventSource(URL, 5)`, `the options of an EventSource must be an object`},
		{`new EventSource(URL, { headers: { 'a b': 'c' } })`, `"a b" is no valid header`},
		{`new EventSource(URL, { headers: { a: 'b\r\nc: d' } })`, `"a" is no valid header, or has no valid value`},
		{`new EventSource(URL, { headers: { Accept: '*/*' } })`, `"Accept" is set by EventSource itself`},
		{`new EventSource(URL, { headers: { a: {} } })`, `headers: "a" must be a string`},
		{`new EventSource(URL, { tags: 'x' })`, `tags must be an object of strings`},
		{`new EventSource(URL, { lastEventId: 'a\nb' })`, `lastEventId must be a string without NUL and line breaks`},
		{`new EventSource(URL, { ledger: {} })`, `ledger must be a Ledger`},
		{`new EventSource(URL).addEventListener('x', 5)`, `the second argument must be a function`},
		{`EventSource.prototype.close.call({})`, `called on an object of another class`},
		{`new Ledger('', {})`, `the first argument must be a name`},
		{`new Ledger('a', { publisher: 'p' })`, `sequence must be a path in an event's data`},
		{`new Ledger('a', { publisher: 'p', sequence: 's', holders: 'w' })`, `have no field holders`},
		{`new Ledger('b', { publisher: 'p', sequence: 's' }); new Ledger('b', { publisher: 'p', sequence: 'q' })`, `exists with other options`},
		{`new Ledger('c', { publisher: 'p', sequence: 's' }).acknowledge({ publisher: 'x', sequence: 0 })`, `sequence must be an integer 1-1048576 (got 0)`},
		{`new Ledger('c', { publisher: 'p', sequence: 's' }).attempt({ sequence: 1 })`, `attempt: publisher must be a string`},
		{`new Ledger('d', { publisher: 'p', sequence: 's', holder: 'w' }).acknowledge({ publisher: 'x', sequence: 1 })`, `acknowledge: worker must be a string`},
	} {
		t.Run(each.says, func(t *testing.T) {
			r := newRig(t)
			server := serve(t, func(s *stream) { s.hang() })

			err := r.run(server.script(each.script))

			require.ErrorContains(t, err, each.says)
		})
	}

	t.Run("a stream in the init context is an error that says where it belongs", func(t *testing.T) {
		r := newRig(t)
		r.runtime.VU.StateField = nil

		err := r.run(`new EventSource('http://127.0.0.1:1')`)

		require.ErrorContains(t, err, "cannot be opened in the init context")
	})
}
