-- Compare-and-swap of several keys, each by itself.
-- KEYS: the keys. ARGV: for each key four values, as swap.lua takes them.
-- Answers for each key what swap.lua answers, or a list of one text: why its value can't be read.
local ends = {}
for i, key in ipairs(KEYS) do
  local at = 4 * (i - 1)
  local seen = ARGV[at + 1] == '1' and ARGV[at + 2]
  local there = redis.pcall('GET', key)
  if type(there) == 'table' then
    ends[i] = {there.err}
  elseif there ~= seen then
    ends[i] = there
  else
    if ARGV[at + 4] == '0' then
      redis.call('SET', key, ARGV[at + 3])
    else
      redis.call('SET', key, ARGV[at + 3], 'PX', ARGV[at + 4])
    end
    ends[i] = 1
  end
end
return ends
