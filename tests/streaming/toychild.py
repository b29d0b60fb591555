"""A supervised process for tests: beats, echoes, and misbehaves on request."""

import os
import time

from streaming.child import Child
from streaming.errors import BadInput


def main() -> None:
    # As one that loads large libraries first, so that what it is asked meanwhile lies in its channel already.
    time.sleep(float(os.environ.get("TOY_LOADS_S", "0")))
    child = Child.from_env()
    if child.config.get("crash"):
        raise SystemExit(3)
    if child.config.get("mute"):
        time.sleep(60)
    child.beat({"pid": os.getpid()}, force=True)
    hoard = []
    while child.running:
        for message in child.poll(0.02):
            match message.get("op"):
                case "echo":
                    child.reply(message, text=message["text"], config=child.config)
                case "refuse":
                    child.refuse(message, BadInput("no", next_step="ask nicely"))
                case "hang":
                    time.sleep(60)
                case "die":
                    os._exit(7)
                case "eat":
                    hoard.append(bytearray(os.urandom(1 << 20) * int(message["mb"])))
                case "ask":
                    child.channel.send({**message["message"], "id": message["id_to_use"]})
                case "deaf":
                    pass
                case _ if "re" in message or message.get("op") == "child":
                    child.send("seen", to="probe", message=message)
                case "relay":
                    child.send("seen", to="supervisor", message=message)
        child.beat({"pid": os.getpid()})


if __name__ == "__main__":
    main()
