-- ARGV: epoch, name… Answers EPOCH · OK, (spent, held)…, both empty for a counter that is not seeded.
if lost(ARGV[1]) then
  return {'EPOCH'}
end
return append_levels({'OK'}, ARGV[1], 2, 1)
