-- Where players are reached when they are away.

-- +goose Up
CREATE TABLE devices (
    player_id TEXT NOT NULL,
    id TEXT NOT NULL,  -- made up by the app, once for each installation
    login_id TEXT NOT NULL,
    channel TEXT NOT NULL,  -- apns, fcm, webpush
    token TEXT NOT NULL,  -- the device or registration token, or the endpoint
    token_hash BLOB NOT NULL,  -- SHA-256 of the token, for the key
    p256dh TEXT NOT NULL,  -- of a Web Push subscription, like auth
    auth TEXT NOT NULL,
    environment TEXT NOT NULL,  -- of APNs
    locale TEXT NOT NULL,
    texts TEXT NOT NULL,  -- server or app: who renders them
    registered_at INTEGER NOT NULL,
    rejected INTEGER NOT NULL,  -- deliveries in a row that failed by this token
    PRIMARY KEY (player_id, id)
);

-- +goose Down
DROP TABLE devices;
