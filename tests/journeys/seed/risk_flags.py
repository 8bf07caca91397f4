for flag in passport.bom.risk_flags():
    print(flag)
    # unscanned_pii -> a data component was not PII-scanned
    # unchecked_contamination -> a data component was not contamination-checked
    # contaminated_eval -> an eval was flagged as contaminated
    # unknown_license -> a data component has no known license
