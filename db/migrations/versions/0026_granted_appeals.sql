-- Appeals that waited although their strike was lifted: whoever lifted it has found that they are right.
UPDATE safety.appeals a SET state = 'granted', decided_at = s.lifted_at
FROM safety.strikes s
WHERE s.id = a.strike_id AND a.state = 'open' AND s.lifted_at IS NOT NULL;
