-- wrk: a coded portal opened with its code, one of many at random, from a network of its own each time.
-- CODED names a file with a link's token a line; CODE is the code of all of them.
local tokens = {}
for line in io.lines(os.getenv("CODED")) do tokens[#tokens + 1] = line end
local body = '{"query":"mutation($i: OpenPortalInput!) { access { openPortal(input: $i) { expiresAt } } }","variables":{"i":{"token":"%s","accessCode":"%s"}}}'

request = function()
  local network = string.format("10.%d.%d.%d", math.random(250), math.random(250), math.random(250))
  local headers = { ["content-type"] = "application/json", ["x-forwarded-for"] = network }
  return wrk.format("POST", "/graphql", headers, body:format(tokens[math.random(#tokens)], os.getenv("CODE")))
end

response = function(status, _, answer)
  if status ~= 200 or answer:find('"errors"', 1, true) then wrk.thread:stop() error("refused: " .. status .. " " .. answer:sub(1, 200)) end
end
