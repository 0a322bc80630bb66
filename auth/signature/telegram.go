package signature

import "errors"

// telegram sends the bot's secret_token as it was set
// (core.telegram.org/bots/api#setwebhook).
var telegram = scheme{
	name:  "telegram",
	reads: []string{"secrets"},
	build: func(c *Config, f *faults) *Verifier {
		return &Verifier{
			proof: &credential{
				name: telegramHeader,
				take: (*Request).header,
				right: secrets(c.Secrets, f, func(secret string) (sum, error) {
					if len(secret) > 256 || !isPlain(secret, "_-") {
						return sum{}, errors.New("cannot be a secret_token: it has 1 to 256 characters A-Z, a-z, 0-9, _ and -")
					}
					return sumOf(secret), nil
				}),
			},
			deliveryID: "update_id",
		}
	},
}

const telegramHeader = "X-Telegram-Bot-Api-Secret-Token"
