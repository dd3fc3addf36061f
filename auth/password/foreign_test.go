package password_test

import (
	"testing"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/password"
)

// published are hashes that others have published with their passwords, each with where it stands.
var published = map[string]struct {
	hash     string
	password auth.Secret
}{
	// Openwall's crypt_blowfish 1.3, wrapper.c.
	"bcrypt, 2a":             {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	"bcrypt, 2a, of nothing": {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", ""},
	"bcrypt, 2b, of a byte":  {"$2b$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", "\xa3"},
	"bcrypt, 2y, of a byte":  {"$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", "\xa3"},
	"bcrypt, 2a, beyond 72 bytes": {
		"$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
	},
	// Supabase's auth, internal/crypto/password_test.go.
	"bcrypt, 2y, cost 10": {"$2y$10$srNl09aPtc2qr.0Vl.NtjekJRt/NxRxYQm3qd3OvfcKsJgVnr6.Ve", "test"},
	// The crate djangohashers, tests/, where they are Django 1.9's; the second is Openwall's in Django's spelling.
	"PBKDF2, SHA-1, Django":       {"pbkdf2_sha1$24000$KQ8zeK6wKRuR$tSJh4xdxfMJotlxfkCGjTFpGYZU=", "ExjGmyUT73bFoT"},
	"bcrypt, Django":              {"bcrypt$$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	"bcrypt over SHA-256, Django": {"bcrypt_sha256$$2b$12$LZSJchsWG/DrBy1erNs4eeYo6tZNlLFQmONdxN9HPesa1EyXVcTXK", "ExjGmyUT73bFoT"},
	// The reference implementation of Argon2, src/test.c.
	"Argon2id": {"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password"},
	// Supabase's auth again.
	"Argon2i, a short key": {"$argon2i$v=19$m=16,t=2,p=1$bGJRWThNOHJJTVBSdHl2dQ$NfEnUOuUpb7F2fQkgFUG4g", "test"},
	"Argon2id, two lanes":  {"$argon2id$v=19$m=32,t=3,p=2$SFVpOWJ0eXhjRzVkdGN1RQ$RXnb8rh7LaDcn07xsssqqulZYXOM/EUCEFMVcAcyYVk", "test"},
	// Django 5, tests/auth_tests/test_hashers.py.
	"Argon2i, Django":         {"argon2$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YC9+jJCrQhs5R6db7LlN8Q", "secret"},
	"PBKDF2, SHA-256, Django": {"pbkdf2_sha256$260000$seasalt$YlZ2Vggtqdc61YjArZuoApoBh9JNGYoDRBUGu6tcJQo=", "lètmein"},
	"scrypt, Django": {
		"scrypt$16384$seasalt$8$5$ECMIUp+LMxMSK8xB/IVyba+KYGTI7FTnet025q/1f/vBAVnnP3hdYqJuRi+mJn6ji6ze3Fbb7JEFPKGpuEf5vw==",
		"lètmein",
	},
	// passlib's documentation of scrypt.
	"scrypt": {"$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E", "password"},
	// RFC 7914, section 12, the second and the third vector in two spellings.
	"scrypt, RFC 7914": {
		"scrypt:1024:8:16$NaCl$fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
		"password",
	},
	"scrypt, RFC 7914, of more": {
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
		"pleaseletmein",
	},
	// Firebase's scrypt, README.md, and Supabase's auth, internal/crypto/password_test.go.
	"Firebase": {
		"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
		"user1password",
	},
	"Firebase, as GoTrue": {
		"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==",
		"mytestpassword",
	},
	// passlib 1.7, tests/test_handlers_pbkdf2.py.
	"PBKDF2, SHA-1":   {"$pbkdf2$1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI", "password"},
	"PBKDF2, SHA-256": {"$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ", "password"},
	"PBKDF2, SHA-512": {
		"$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww",
		"password",
	},
	// RFC 6070, section 2, and RFC 7914, section 11, in other spellings.
	"PBKDF2, SHA-1, RFC 6070":   {"pbkdf2:sha1:4096$salt$4b007901b765489abead49d926f721d065a429c1", "password"},
	"PBKDF2, SHA-256, RFC 7914": {"$pbkdf2-sha256$i=80000,l=64$TmFDbA$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1ah1CWhIlgzVJrbhBtRybMXaicr3ruh0HhHj2Kzl/M8jQ", "Password"},
}

func adopt(t *testing.T, hash string) string {
	t.Helper()
	kept, err := password.Adopt(hash)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func TestAHashMadeElsewhereMatchesItsPasswordAlone(t *testing.T) {
	h := password.NewHasher(2)
	for name, test := range published {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept := adopt(t, test.hash)
			match, err := h.Check(t.Context(), password.Asker{}, kept, test.password)
			if err != nil || !match.OK || !match.Stale {
				t.Errorf("the password: %+v, %v", match, err)
			}
			match, err = h.Check(t.Context(), password.Asker{}, kept, "x"+test.password)
			if err != nil || match.OK {
				t.Errorf("another password: %+v, %v", match, err)
			}
		})
	}
}
