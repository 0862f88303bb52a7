-- Where players are reached when they are away.

-- +goose Up
CREATE TABLE devices (
    player_id VARCHAR(64) NOT NULL,
    id VARCHAR(64) NOT NULL,  -- made up by the app, once for each installation
    login_id VARCHAR(64) NOT NULL,
    channel VARCHAR(32) NOT NULL,  -- apns, fcm, webpush
    token TEXT NOT NULL,  -- the device or registration token, or the endpoint
    token_hash BINARY(32) NOT NULL,  -- SHA-256 of the token, for the key
    p256dh VARCHAR(255) NOT NULL,  -- of a Web Push subscription, like auth
    auth VARCHAR(255) NOT NULL,
    environment VARCHAR(32) NOT NULL,  -- of APNs
    locale VARCHAR(64) NOT NULL,
    texts VARCHAR(32) NOT NULL,  -- server or app: who renders them
    registered_at BIGINT NOT NULL,
    rejected BIGINT NOT NULL,  -- deliveries in a row that failed by this token
    PRIMARY KEY (player_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE devices;
