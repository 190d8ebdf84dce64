"""Codes of FHIR R4 and what they are here.

The lists of statuses are required by FHIR (an unknown one is a fault); classes, sources of admission and
dispositions are not (an unknown one is left empty and counted).

References
----------
HL7 FHIR R4 (4.0.1), https://hl7.org/fhir/R4: Encounter, Appointment, Slot, Location, Bundle; value sets
v3-ActEncounterCode, v3-ActPriority, encounter-admit-source, encounter-discharge-disposition.
"""

from __future__ import annotations

ERROR = "entered-in-error"

ENCOUNTER_STATUS: dict[str, str | None] = {
    "planned": "planned",
    "arrived": "arrived",
    "triaged": "arrived",
    "in-progress": "in_progress",
    "onleave": "in_progress",
    "finished": "finished",
    "cancelled": "cancelled",
    "unknown": None,
    ERROR: None,
}
STAY_STATUS = frozenset({"planned", "active", "reserved", "completed"})
APPOINTMENT_STATUS: dict[str, str | None] = {
    "proposed": "proposed",
    "pending": "proposed",
    "waitlist": "proposed",
    "booked": "booked",
    "arrived": "arrived",
    "checked-in": "arrived",
    "fulfilled": "attended",
    "noshow": "no_show",
    "cancelled": "cancelled",
    ERROR: None,
}
SLOT_STATUS: dict[str, str | None] = {
    "free": "free",
    "busy": "busy",
    "busy-tentative": "busy",
    "busy-unavailable": "blocked",
    ERROR: None,
}
LOCATION_STATUS = {"active": "active", "suspended": "suspended", "inactive": "closed"}
SEX = {"male": "male", "female": "female", "other": "other", "unknown": "unknown"}

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
KIND = {
    "EMER": "emergency",
    "IMP": "inpatient",
    "ACUTE": "inpatient",
    "NONAC": "inpatient",
    "NONACUTE": "inpatient",
    "OBSENC": "inpatient",
    "PRENC": "inpatient",
    "SS": "day_case",
    "AMB": "outpatient",
    "VR": "outpatient",
    "HH": "home",
}
ADMIT_SOURCE = {"hosp-trans": "transfer", "emd": "emergency", "born": "birth"}
PRIORITY_METHOD = {
    **dict.fromkeys(("EM", "UR", "S", "A", "CR"), "emergency"),
    **dict.fromkeys(("EL", "R", "P", "PRN", "CS", "CSP", "CSR"), "elective"),
}
OUTCOME = {
    "home": "home",
    "alt-home": "home",
    "exp": "died",
    **dict.fromkeys(("other-hcf", "hosp", "long", "psy", "rehab", "snf"), "transferred"),
    "aadvice": "other",
    "oth": "other",
}
#: physical types of places; the finest first
LEVEL = {"bd": "bed", "ro": "room", "wa": "ward"}
FINEST = ("bed", "room", "ward", "other")
#: somebody's home: its name and number could tell who lives there
HOUSE = "ho"

BUNDLES = frozenset(
    "searchset transaction collection history batch document message transaction-response"
    " batch-response".split()
)

#: resource types of R4 and R4B
TYPES = frozenset(
    """
    Account ActivityDefinition AdministrableProductDefinition AdverseEvent AllergyIntolerance Appointment
    AppointmentResponse AuditEvent Basic Binary BiologicallyDerivedProduct BodyStructure Bundle
    CapabilityStatement CarePlan CareTeam CatalogEntry ChargeItem ChargeItemDefinition Citation Claim
    ClaimResponse ClinicalImpression ClinicalUseDefinition CodeSystem Communication CommunicationRequest
    CompartmentDefinition Composition ConceptMap Condition Consent Contract Coverage
    CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric
    DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference
    EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare
    EventDefinition Evidence EvidenceReport EvidenceVariable ExampleScenario ExplanationOfBenefit
    FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse HealthcareService ImagingStudy
    Immunization ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide Ingredient
    InsurancePlan Invoice Library Linkage List Location ManufacturedItemDefinition Measure MeasureReport
    Media Medication MedicationAdministration MedicationDispense MedicationKnowledge MedicationRequest
    MedicationStatement MedicinalProduct MedicinalProductAuthorization MedicinalProductContraindication
    MedicinalProductDefinition MedicinalProductIndication MedicinalProductIngredient
    MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged
    MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition MessageHeader
    MolecularSequence NamingSystem NutritionOrder NutritionProduct Observation ObservationDefinition
    OperationDefinition OperationOutcome Organization OrganizationAffiliation PackagedProductDefinition
    Parameters Patient PaymentNotice PaymentReconciliation Person PlanDefinition Practitioner
    PractitionerRole Procedure Provenance Questionnaire QuestionnaireResponse RegulatedAuthorization
    RelatedPerson RequestGroup ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject
    RiskAssessment RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen
    SpecimenDefinition StructureDefinition StructureMap Subscription SubscriptionStatus SubscriptionTopic
    Substance SubstanceDefinition SubstanceNucleicAcid SubstancePolymer SubstanceProtein
    SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification SupplyDelivery
    SupplyRequest Task TerminologyCapabilities TestReport TestScript ValueSet VerificationResult
    VisionPrescription
    """.split()
)
