"""Today's ClickHouse as a server: chDB, its engine as a library, behind as much of its HTTP as micro stat speaks.

serve.py PORT FOLDER. Statements are carried out one at a time, in the database and with the settings that their
address names; a setting that this version doesn't know is an error, as it is in ClickHouse itself.
"""

import http.server
import os
import sys
import tempfile
import urllib.parse

from chdb import session

# What an address says beside settings.
OURS = {"query", "database", "wait_end_of_query", "query_id"}

port, folder = int(sys.argv[1]), sys.argv[2]
engine = session.Session(os.path.join(folder, "chdb"))


def done(statement):
    answer = engine.query(statement, "TabSeparated")
    return b"" if answer is None else answer.bytes()


class Door(http.server.BaseHTTPRequestHandler):
    # One request a connection, for there is one thread.
    protocol_version = "HTTP/1.0"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        try:
            self.answer(200, self.carry_out(said, body))
        except Exception as error:  # whatever the engine says no with
            self.answer(500, str(error).encode())

    def carry_out(self, said, body):
        done("USE " + said.get("database", "default"))
        settings = {name: value for name, value in said.items() if name not in OURS}
        for name, value in settings.items():
            done(f"SET {name} = '{value}'")
        try:
            if "query" not in said:
                return done(body.decode())
            # Rows are of one form here: INSERT INTO … FORMAT RowBinary.
            into, _, form = said["query"].rpartition(" FORMAT ")
            with tempfile.NamedTemporaryFile(dir=folder) as rows:
                rows.write(body)
                rows.flush()
                return done(f"{into} FROM INFILE '{rows.name}' FORMAT {form}")
        finally:
            for name in settings:
                done(f"SET {name} = DEFAULT")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.HTTPServer(("127.0.0.1", port), Door).serve_forever()
