// Limit is what a machine can do: one thread, one send() for each stream and event, and nothing else. No check, no topics,
// no history, no second process. What a hub costs is told as a ratio against it.
//
// It reads requests as the generator sends them, each in one piece, and frames the whole body of a publish. In C, because a
// runtime's own threads would be measured with it: the same in Go costs a tenth more.
//
//   limit PORT    listens on 127.0.0.1
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAMS_MAX 20000
static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: open\n\n";
static const char taken[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";

static int streams[STREAMS_MAX];
static int count;

static void send_to(int socket, const char *text, size_t length) {
    (void)send(socket, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void forget(int socket) {
    for (int n = 0; n < count; n++)
        if (streams[n] == socket) streams[n--] = streams[--count];
    close(socket);
}

static void answer(int socket, char *request, size_t length) {
    if (strncmp(request, "GET", 3) == 0) {
        if (count < STREAMS_MAX) streams[count++] = socket;
        send_to(socket, head, sizeof head - 1);
        return;
    }
    char *body = strstr(request, "\r\n\r\n");
    if (body == NULL) return;
    // The blank line and what stands before the body make room for the frame's own words.
    body -= 2;
    memcpy(body, "data: ", 6);
    request[length] = request[length + 1] = '\n';
    size_t frame = (size_t)(request + length + 2 - body);
    for (int n = 0; n < count; n++) send_to(streams[n], body, frame);
    send_to(socket, taken, sizeof taken - 1);
}

static int fail(const char *what) {
    perror(what);
    return 1;
}

int main(int arguments, char **words) {
    if (arguments != 2) return fprintf(stderr, "limit PORT\n"), 2;
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) return fail("bind");
    if (listen(listener, 4096) < 0) return fail("listen");
    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[64];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);

    static char request[1 << 17];
    for (;;) {
        int ready = epoll_wait(poll, events, 64, -1);
        for (int n = 0; n < ready; n++) {
            int socket = events[n].data.fd;
            if (socket == listener) {
                event.data.fd = accept(listener, NULL, NULL);
                setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event);
                continue;
            }
            ssize_t length = read(socket, request, sizeof request - 3);
            if (length <= 0) {
                forget(socket);
                continue;
            }
            request[length] = '\0';
            answer(socket, request, (size_t)length);
        }
    }
}
