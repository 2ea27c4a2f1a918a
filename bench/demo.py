"""A running demo, as the programs beside this one use it."""
import http.client
import json
import subprocess

CODE = "480216"
CREATE = """mutation($i: CreatePortalInput!) {
  staff { createPortal(input: $i) { url portal { id version links { id } } } } }"""
ROTATE = "mutation($i: RotatePortalInput!) { staff { rotatePortal(input: $i) { portal { id } } } }"
OPEN = "mutation($i: OpenPortalInput!) { access { openPortal(input: $i) { sessionToken } } }"


class Demo:
    """Its staff, its database, and one instance of it."""

    def __init__(self, folder, host=None):
        with open(f"{folder}/demo.json", encoding="utf-8") as file:
            told = json.load(file)
        self.folder = folder
        self.connection = http.client.HTTPConnection(host or told["baseUrl"].removeprefix("http://"))
        self.organization = told["organizations"][0]
        self.staff = self.organization["staffToken"]

    def post(self, document, variables, token=""):
        """The body of the answer."""
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        body = json.dumps({"query": document, "variables": {"i": variables}})
        self.connection.request("POST", "/graphql", body, headers)
        return self.connection.getresponse().read()

    def page(self, token):
        """The status of a portal's page."""
        self.connection.request("GET", f"/portal/{token}")
        answer = self.connection.getresponse()
        answer.read()
        return answer.status

    def portal(self, **more):
        """A new portal of the first company: its link's token, and what staff read of it."""
        scope = {"companyId": self.organization["companies"][0]["id"]}
        answer = self.post(CREATE, {"label": "Measured", "scope": scope, **more}, self.staff)
        made = json.loads(answer)["data"]["staff"]["createPortal"]
        return made["url"].rsplit("/", 1)[1], made["portal"]

    def sql(self, statement):
        run = ["psql", "--quiet", "--host", f"{self.folder}/run", "--username", "postgres", "--command", statement, "vestibule"]
        subprocess.run(run, check=True)

    def rows(self, statement):
        run = ["psql", "--quiet", "--no-align", "--tuples-only", "--host", f"{self.folder}/run", "--username", "postgres",
               "--command", statement, "vestibule"]
        told = subprocess.run(run, check=True, capture_output=True, text=True).stdout
        return [line.split("|") for line in told.splitlines()]
