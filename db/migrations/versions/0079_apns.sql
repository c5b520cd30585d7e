-- An iPhone is reached by Apple's own service, too, and rings there by a token of its own. Whoever names none is reached by FCM, as before.
ALTER TABLE identity.devices ADD COLUMN service text NOT NULL DEFAULT 'fcm' CHECK (service IN ('fcm', 'apns'));
ALTER TABLE identity.devices ADD COLUMN voip_token text CHECK (char_length(voip_token) BETWEEN 1 AND 1000);
CREATE INDEX devices_by_voip_token ON identity.devices (voip_token) WHERE voip_token IS NOT NULL;
