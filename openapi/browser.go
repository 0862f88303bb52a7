package openapi

import "embed"

//go:generate sh -c "cd typescript && npm ci --ignore-scripts --no-audit --no-fund && npm run build"

// Browser is the client that servers hand to browsers: client.js, and the types that editors show for it.
//
//go:embed typescript/client.js typescript/client.d.ts typescript/schema.d.ts
var Browser embed.FS
