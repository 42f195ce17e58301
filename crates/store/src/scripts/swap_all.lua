-- Compare-and-swap of several keys, all or nothing.
-- KEYS: the keys. ARGV: for each key four values, as swap.lua takes them, or '-1' as the last to remove it.
-- Answers 1 when it wrote all of them. When a key holds something else it answers what each of them holds.
local there, unchanged = {}, true
for i, key in ipairs(KEYS) do
  local at = 4 * (i - 1)
  local seen = ARGV[at + 1] == '1' and ARGV[at + 2]
  there[i] = redis.call('GET', key)
  unchanged = unchanged and there[i] == seen
end
if not unchanged then
  return there
end
for i, key in ipairs(KEYS) do
  local at = 4 * (i - 1)
  if ARGV[at + 4] == '-1' then
    redis.call('DEL', key)
  elseif ARGV[at + 4] == '0' then
    redis.call('SET', key, ARGV[at + 3])
  else
    redis.call('SET', key, ARGV[at + 3], 'PX', ARGV[at + 4])
  end
end
return 1
