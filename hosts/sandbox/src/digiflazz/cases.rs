//! The documented test numbers, and what each is for.

/// A biller with its test numbers.
#[derive(Debug)]
pub struct Biller {
    pub sku: &'static str,
    pub name: &'static str,
    pub brand: &'static str,
    /// With one bill, and perhaps with two.
    pub ok: &'static [&'static str],
    pub inquiry_fails: &'static str,
    pub payment_fails: &'static str,
    /// Pending, and then a success.
    pub pending: &'static [&'static str],
    /// Pending, and then a failure.
    pub pending_fails: &'static str,
    /// The receipt; some have none.
    pub serial: &'static str,
}

macro_rules! billers {
    ($($sku:literal $name:literal $brand:literal [$($ok:literal)+] $inquiry:literal $pay:literal
        [$($pending:literal)+] $fails:literal $serial:literal;)+) => {
        &[$(Biller {
            sku: $sku,
            name: $name,
            brand: $brand,
            ok: &[$($ok),+],
            inquiry_fails: $inquiry,
            payment_fails: $pay,
            pending: &[$($pending),+],
            pending_fails: $fails,
            serial: $serial,
        }),+]
    };
}

/// All billers.
pub const BILLERS: &[Biller] = billers! {
    "pln" "PLN Pascabayar" "PLN PASCABAYAR" ["530000000001" "530000000002"] "530000000003" "530000000006"
        ["630000000001" "630000000002"] "630000000006" "S1234554321N";
    "pdam" "PDAM Kota Sandbox" "PDAM" ["1013226"] "1013227" "1013230" ["2013226"] "2013230" "PD1234554321AM";
    "internet" "Internet Sandbox" "INTERNET PASCABAYAR" ["6391601001"] "6391601002" "6391601005"
        ["7391601001"] "7391601005" "I1234554321N";
    "bpjs" "BPJS Kesehatan" "BPJS KESEHATAN" ["8801234560001"] "8801234560002" "8801234560005"
        ["9801234560001"] "9801234560005" "BP1234554321JS";
    "multifinance" "Multifinance Sandbox" "MULTIFINANCE" ["6391601201"] "6391601202" "6391601205"
        ["7391601201"] "7391601205" "MF1234554321";
    "cimahi" "PBB Kota Cimahi" "PBB" ["329801092375999991"] "329801092375999992" "329801092375999995"
        ["429801092375999991"] "429801092375999995" "PB1234554321B";
    "pdl" "Pajak Daerah Lainnya" "PAJAK DAERAH LAINNYA" ["3298010921"] "3298010922" "3298010923"
        ["4298010921"] "4298010923" "PL1234554321D";
    "pgas" "Perusahaan Gas Negara" "GAS NEGARA" ["0110014601" "0110014602"] "0110014603" "0110014605"
        ["1110014601" "1110014602"] "1110014605" "PG1234554321S";
    "tv" "TV Pascabayar" "TV PASCABAYAR" ["127246500101"] "127246500102" "127246500105"
        ["227246500101"] "227246500105" "TV1234554321";
    "bpjstk" "BPJS Ketenagakerjaan" "BPJS KETENAGAKERJAAN" ["8102051011270001"] "8102051011270002" "8102051011270003"
        ["9102051011270001"] "9102051011270003" "";
    "bpjstkpu" "BPJS Ketenagakerjaan PU" "BPJS KETENAGAKERJAAN" ["400000100001"] "400000100002" "400000100003"
        ["500000100001"] "500000100003" "BPU1234554321";
    "plnnontaglist" "PLN Non Taglis" "PLN NONTAGLIS" ["3225030005921"] "3225030005922" "3225030005923"
        ["4225030005921"] "4225030005923" "NT1234554321";
    "emoney" "E-Money Nominal Bebas" "E-MONEY" ["082100000001"] "082100000002" "082100000003"
        ["082110000001"] "082110000003" "EM1234554321";
    "samsat" "E-Samsat" "SAMSAT" ["9658548523568701,0212502110170100"] "9658548523568702,0212502110170100"
        "9658548523568705,0212502110170100" ["0658548523568701,0212502110170100"]
        "0658548523568705,0212502110170100" "SM1234554321";
    "hp" "HP Pascabayar" "HP PASCABAYAR" ["081234554320"] "081234554321" "081234554324"
        ["081244554320"] "081244554324" "HP1234554321";
};

/// The biller with that sku.
pub fn biller(sku: &str) -> Option<&'static Biller> {
    BILLERS.iter().find(|one| one.sku == sku)
}

/// What was delivered: a meter's token, a receipt, or a serial.
pub fn serial(sku: &str, digits: &str) -> String {
    if let Some(biller) = biller(sku) {
        return biller.serial.to_owned();
    }
    if sku.starts_with("pln") {
        let groups: Vec<&str> = (0..5).filter_map(|group| digits.get(group * 4..group * 4 + 4)).collect();
        return format!("{}/BUDI SANTOSO/R1/1300/32,1", groups.join("-"));
    }
    if sku == "xld10" { "1234567890".to_owned() } else { digits.chars().take(16).collect() }
}
