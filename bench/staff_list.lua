-- wrk: the staff's list of 100 records by name. STAFF is a staff session.
local query = "{ staff { records(first: 100) { pageInfo { hasNextPage endCursor } edges { node { id name clientStatus dueOn version } } } } }"
local headers = { ["content-type"] = "application/json", ["authorization"] = "Bearer " .. os.getenv("STAFF") }

request = function()
  return wrk.format("POST", "/graphql", headers, '{"query":"' .. query .. '"}')
end

response = function(status, _, answer)
  if status ~= 200 or answer:find('"errors"', 1, true) then wrk.thread:stop() error("refused: " .. status .. " " .. answer:sub(1, 200)) end
end
