"""A mail server of a test's: aiosmtpd with STARTTLS, which does with each mail what the plan says, in
order, and takes all that come after the plan's end.

Arguments: certificate, key, folder for what it takes, then the plan: take, later (451), never (550), hang,
or die (take it, and break the connection before saying so). Beside the folder, the file `connections` gets a
dot for each connection.
Prints the port on its first line, and then a line for each mail that reached DATA.
"""

import asyncio
import ssl
import sys

from aiosmtpd.smtp import SMTP

certificate, key, folder, *plan = sys.argv[1:]
count = 0


class Handler:
    async def handle_DATA(self, server, session, envelope):
        global count
        count += 1
        act = plan.pop(0) if plan else "take"
        if act in ("take", "die"):
            with open(f"{folder}/{count:04}.eml", "wb") as file:
                file.write(envelope.content)
        print(act, "tls" if session.ssl else "plain", *envelope.rcpt_tos, flush=True)
        if act == "later":
            return "451 4.3.0 Try again later"
        if act == "never":
            return "550 5.1.1 No such mailbox here"
        if act == "hang":
            await asyncio.sleep(3600)
        if act == "die":
            server.transport.abort()
        return "250 2.0.0 Taken"


async def serve():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def session():
        with open(f"{folder}/../connections", "a") as file:
            file.write(".")
        return SMTP(Handler(), hostname="localhost", tls_context=context, require_starttls=True, loop=loop)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(serve())
