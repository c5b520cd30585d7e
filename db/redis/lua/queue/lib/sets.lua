-- The names, one by one, of the sorted sets in which a ticket with these places stands. The words behind them, with `=`, are its
-- traits: they are noted with its wait, and no set is kept of them. (Versions before kept some: whoever takes a ticket out, takes it out
-- of these too.)
local function sets(places)
  local traits = string.find(places, ' [^ ]*=')
  return string.gmatch(traits and string.sub(places, 1, traits - 1) or places, '%S+')
end
