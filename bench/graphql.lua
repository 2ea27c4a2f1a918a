-- wrk: the portal home through GraphQL, one of many portals at random. SESSIONS names a file with a session a line.
local sessions = {}
for line in io.lines(os.getenv("SESSIONS")) do sessions[#sessions + 1] = line end
local query = [[{ portal { doorway { title companyName attribution organization { name accentColor welcomeMessage } } home { sections { key name namePlural count groups { phase stageName color count averagePercent fileCount messageCount statuses { status count } records { id name phase status percent startsOn dueOn fileCount messageCount } } } } } }]]
local body = '{"query":"' .. query:gsub('"', '\\"') .. '"}'

request = function()
  local headers = { ["content-type"] = "application/json", ["authorization"] = "Bearer " .. sessions[math.random(#sessions)] }
  return wrk.format("POST", "/graphql", headers, body)
end

response = function(status, _, answer)
  if status ~= 200 or answer:find('"errors"', 1, true) then wrk.thread:stop() error("refused: " .. status .. " " .. answer:sub(1, 200)) end
end
