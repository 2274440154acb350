"""sse-starlette on uvicorn: a queue for each stream."""

import asyncio
import socket

import uvicorn
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

streams: dict[asyncio.Queue, str] = {}


async def subscribe(request):
    queue: asyncio.Queue = asyncio.Queue()
    streams[queue] = request.query_params.get("topic", "")

    async def events():
        try:
            while True:
                yield await queue.get()
        finally:
            streams.pop(queue, None)

    return EventSourceResponse(events())


async def publish(request):
    body = await request.json()
    event = {"data": body["data"]}
    if body.get("type"):
        event["event"] = body["type"]
    for queue, topic in list(streams.items()):
        if topic == body["topic"]:
            queue.put_nowait(event)
    return Response(status_code=202)


app = Starlette(
    routes=[
        Route("/events", subscribe, methods=["GET"]),
        Route("/events", publish, methods=["POST"]),
    ]
)

if __name__ == "__main__":
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
