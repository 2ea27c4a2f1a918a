-- wrk: a company created each time. STAFF is a staff session.
local query = [[mutation { staff { createCompany(input: { name: \"Benchmark\" }) { company { id name } } } }]]
local headers = { ["content-type"] = "application/json", ["authorization"] = "Bearer " .. os.getenv("STAFF") }

request = function()
  return wrk.format("POST", "/graphql", headers, '{"query":"' .. query .. '"}')
end

response = function(status, _, answer)
  if status ~= 200 or answer:find('"errors"', 1, true) then wrk.thread:stop() error("refused: " .. status .. " " .. answer:sub(1, 200)) end
end
