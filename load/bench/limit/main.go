// Limit is what a machine can do: one thread, one send() for each stream and event, and nothing else. No check, no
// topics, no history, no second process. What a hub costs is told as a ratio against it.
//
// It reads requests as the generator sends them, each in one piece, and frames the whole body of a publish.
package main

import (
	"bytes"
	"flag"
	"log"
	"slices"
	"syscall"
	"unsafe"
)

const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: open\n\n"
const taken = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"

func main() {
	port := flag.Int("port", 3000, "where it listens, on 127.0.0.1")
	flag.Parse()
	if err := serve(*port); err != nil {
		log.Fatal(err)
	}
}

func serve(port int) error {
	listener, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	_ = syscall.SetsockoptInt(listener, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	address := &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
	if err := syscall.Bind(listener, address); err != nil {
		return err
	}
	if err := syscall.Listen(listener, 4096); err != nil {
		return err
	}
	poll, err := syscall.EpollCreate1(0)
	if err != nil {
		return err
	}
	watch := func(socket int) {
		event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(socket)}
		_ = syscall.EpollCtl(poll, syscall.EPOLL_CTL_ADD, socket, &event)
	}
	watch(listener)

	var streams []int
	events := make([]syscall.EpollEvent, 64)
	buffer := make([]byte, 1<<17)
	for {
		count, err := syscall.EpollWait(poll, events, -1)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		for _, event := range events[:count] {
			socket := int(event.Fd)
			if socket == listener {
				if accepted, _, err := syscall.Accept(listener); err == nil {
					_ = syscall.SetsockoptInt(accepted, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
					watch(accepted)
				}
				continue
			}
			length, err := syscall.Read(socket, buffer)
			if err != nil || length <= 0 {
				streams = slices.DeleteFunc(streams, func(stream int) bool { return stream == socket })
				_ = syscall.Close(socket)
				continue
			}
			streams = answer(socket, buffer[:length], streams)
		}
	}
}

func answer(socket int, request []byte, streams []int) []int {
	if bytes.HasPrefix(request, []byte("GET")) {
		send(socket, []byte(head))
		return append(streams, socket)
	}
	_, body, found := bytes.Cut(request, []byte("\r\n\r\n"))
	if !found {
		return streams
	}
	frame := append(append([]byte("data: "), body...), "\n\n"...)
	for _, stream := range streams {
		send(stream, frame)
	}
	send(socket, []byte(taken))
	return streams
}

// A raw system call: Go's own would tell the scheduler of each.
func send(socket int, text []byte) {
	_, _, _ = syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(socket), uintptr(unsafe.Pointer(&text[0])),
		uintptr(len(text)), syscall.MSG_NOSIGNAL|syscall.MSG_DONTWAIT, 0, 0)
}
