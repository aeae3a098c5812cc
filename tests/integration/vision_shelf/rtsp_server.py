"""A camera for the tests, as a program of its own: makes an H.264 clip, or serves one over RTSP with a password.

Serves the clip again and again over TCP, and notes in a file when each frame was sent (monotonic seconds, which all
processes of one machine share). It is a program so that a test can kill it or stop it in the middle of a stream.
"""

import argparse
import asyncio
import base64
import contextlib
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import aio_sockets
import av
from aio_rtsp_toolkit.server import RtspServer
from aio_rtsp_toolkit.server_session import RtspServerSession


class GuardedSession(RtspServerSession):
    """One client's connection: every request must carry the password, asked for as cameras do."""

    async def _read_request(self) -> Any:
        while (request := await super()._read_request()) is not None:
            if request.headers.get("authorization") == self.server.wanted:
                return request
            challenge = {"WWW-Authenticate": 'Basic realm="camera"'}
            await self._send_response(request.headers, 401, "Unauthorized", challenge)
        return None

    async def _send_video_packet(self, state: Any, data: bytes, media_time: float, *rest: Any) -> None:
        await super()._send_video_packet(state, data, media_time, *rest)
        self.server.sent.write(f"{media_time:.6f} {monotonic():.6f}\n")


class GuardedServer(RtspServer):
    """The toolkit's server, with a user and a password, and a note of what was sent."""

    def __init__(self, directory: Path, port: int, login: str) -> None:
        super().__init__(str(directory), host="127.0.0.1", port=port)
        self.wanted = "Basic " + base64.b64encode(login.encode()).decode()
        self.sent = (directory / "sent.txt").open("a", buffering=1)

    async def _handle_client(self, sock: aio_sockets.TCPSocket) -> None:
        await GuardedSession(self, sock).run()


async def serve(directory: Path, port: int, login: str) -> None:
    """Serve every clip of the folder; says "ready" once clients may come."""
    with contextlib.redirect_stdout(sys.stderr):  # the toolkit's own log; nobody empties our stdout
        server = await GuardedServer(directory, port, login).start()
        print("ready", file=sys.__stdout__, flush=True)
        await server.serve_forever()


def encode(painted: Path, made: Path) -> None:
    """Turn a clip of any kind into H.264 as cameras send it: no frame waits for a later one, a key frame a second."""
    with av.open(str(painted)) as source, av.open(str(made), "w") as target:
        shown = source.streams.video[0]
        rate = round(shown.average_rate or 10)
        video = target.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "tune": "zerolatency"})
        video.width, video.height, video.pix_fmt = shown.width, shown.height, "yuv420p"
        video.gop_size = rate
        for picture in source.decode(shown):
            picture.pict_type = av.video.frame.PictureType.NONE
            target.mux(video.encode(picture))
        target.mux(video.encode(None))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    tasks = parser.add_subparsers(dest="task", required=True)
    encoding = tasks.add_parser("encode")
    encoding.add_argument("painted", type=Path)
    encoding.add_argument("made", type=Path)
    serving = tasks.add_parser("serve")
    serving.add_argument("directory", type=Path)
    serving.add_argument("port", type=int)
    serving.add_argument("login", help="user:password")
    told = parser.parse_args()
    if told.task == "encode":
        encode(told.painted, told.made)
    else:
        asyncio.run(serve(told.directory, told.port, told.login))


if __name__ == "__main__":
    main()
